# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# mlir-tblgen for this tree, and for projects outside that find it (ArsisConfig.cmake.in).
add_custom_target(ArsisTableGen)

# arsis_add_tablegen(TD OUTPUT ARGS...): runs mlir-tblgen on TD in this folder, output beside it in the build tree;
# everything that includes MLIR waits for it. REQUIRES: ARSIS_INCLUDE_DIRS, where the .td files of the tree are found.
function(arsis_add_tablegen td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(TABLEGEN_OUTPUT "")
  set(args ${ARGN})
  while(args)
    list(POP_FRONT args output generator)
    set(flags ${generator})
    while(args)
      list(GET args 0 next)
      if(NOT next MATCHES "^-")
        break()
      endif()
      list(POP_FRONT args)
      list(APPEND flags ${next})
    endwhile()
    mlir_tablegen(${output} ${flags} EXTRA_INCLUDES ${ARSIS_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  endwhile()
  string(MAKE_C_IDENTIFIER "TableGen_${CMAKE_CURRENT_SOURCE_DIR}_${td}" target)
  add_custom_target(${target} DEPENDS ${TABLEGEN_OUTPUT})
  add_dependencies(ArsisTableGen ${target})
endfunction()
