# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Build helpers: compiler flags, third-party packages, and one function to add each kind of thing.

find_program(ARSIS_CCACHE ccache)
if(ARSIS_CCACHE)
  # Precompiled headers are only cacheable with these relaxations; the flags below keep them safe. With paths relative to
  # the checkout, one cache serves every checkout.
  set(ARSIS_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${ARSIS_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${ARSIS_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ARSIS_LAUNCHER})
endif()
find_program(ARSIS_MOLD mold)
if(ARSIS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Contraction would fuse a multiply and an add behind our back and break bit-exact parity.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -ffp-contract=off -fpch-preprocess)
include_directories(${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
if(ARSIS_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize=vptr)
  add_link_options(-fsanitize=address,undefined)
endif()
if(ARSIS_FUZZ)
  # Everything carries the edge counters; only the targets of tests/fuzz link libFuzzer's main. MLIR has no RTTI, which the
  # two checks left out need.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr,function
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
list(APPEND CMAKE_MODULE_PATH ${LLVM_CMAKE_DIR} ${MLIR_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(ARSIS_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json program_options)
find_package(yaml-cpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
set(ARSIS_LLVM_LIBRARY_DIR ${LLVM_LIBRARY_DIR})
set(CMAKE_BUILD_RPATH ${ARSIS_LLVM_LIBRARY_DIR})
set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "Debian's Python, which has the bindings' headers")
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

set(ARSIS_INCLUDE_DIRS ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
include(ArsisTablegen)
# What a project outside finds: find_package(Arsis) with Arsis_DIR=<build folder>/cmake.
configure_file(${CMAKE_CURRENT_LIST_DIR}/ArsisConfig.cmake.in ${PROJECT_BINARY_DIR}/cmake/ArsisConfig.cmake @ONLY)

function(arsis_add_subdirectory_if_exists folder)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${folder})
  endif()
endfunction()

function(arsis_use_mlir target)
  target_include_directories(${target} SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  target_compile_definitions(${target} PUBLIC ${ARSIS_LLVM_DEFINITIONS})
  add_dependencies(${target} ArsisTableGen)
endfunction()

# arsis_add_library(NAME [MLIR] SOURCES a.cpp ... [DEPS Lib ...])
# Without MLIR: a static library. With MLIR: an object library merged into the one shared library ArsisMLIR,
# so that plugins and bindings share TypeIDs.
function(arsis_add_library name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_MLIR)
    add_library(${name} OBJECT ${ARG_SOURCES})
    arsis_use_mlir(${name})
    target_precompile_headers(${name} REUSE_FROM ArsisMLIRHeaders)
    foreach(dep ${ARG_DEPS})
      get_target_property(includes ${dep} INTERFACE_INCLUDE_DIRECTORIES)
      if(includes)
        target_include_directories(${name} SYSTEM PUBLIC ${includes})
      endif()
      add_dependencies(${name} ${dep})
    endforeach()
    set_property(GLOBAL APPEND PROPERTY ARSIS_MLIR_OBJECTS ${name})
    set_property(GLOBAL APPEND PROPERTY ARSIS_MLIR_DEPS ${ARG_DEPS})
  else()
    add_library(${name} STATIC ${ARG_SOURCES})
    # Position-independent code takes every function for one that another library might replace, and inlines none.
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
    target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  endif()
endfunction()

# Called last: links every MLIR object library into libArsisMLIR.so.
function(arsis_finish_mlir_library)
  get_property(objects GLOBAL PROPERTY ARSIS_MLIR_OBJECTS)
  get_property(deps GLOBAL PROPERTY ARSIS_MLIR_DEPS)
  foreach(object ${objects})
    target_sources(ArsisMLIR PRIVATE $<TARGET_OBJECTS:${object}>)
    list(REMOVE_ITEM deps ${object})
  endforeach()
  list(REMOVE_DUPLICATES deps)
  target_link_libraries(ArsisMLIR PUBLIC ${deps})
endfunction()

# arsis_add_executable(NAME [MLIR] SOURCES main.cpp ... [DEPS Lib ...])
function(arsis_add_executable name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  if(ARG_MLIR)
    arsis_use_mlir(${name})
    target_link_libraries(${name} PRIVATE ArsisMLIR)
  endif()
endfunction()

# arsis_add_tool(...): an executable that a person runs; the target arsis-tools builds all of them.
add_custom_target(arsis-tools)
function(arsis_add_tool name)
  arsis_add_executable(${name} ${ARGN})
  add_dependencies(arsis-tools ${name})
endfunction()

# arsis_add_gtest(NAME [MLIR] SOURCES a_test.cpp ... [DEPS Lib ...]): a GoogleTest binary, registered with ctest.
function(arsis_add_gtest name)
  if(NOT ARSIS_BUILD_TESTS)
    return()
  endif()
  find_package(GTest REQUIRED)
  arsis_add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ArsisSourceFolder GTest::gtest GTest::gtest_main)
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 900)
  add_dependencies(arsis-tests ${name})
endfunction()
add_custom_target(arsis-tests)

# The headers that nearly every MLIR source needs, compiled once.
file(WRITE ${PROJECT_BINARY_DIR}/ArsisMLIRHeaders.cpp "// The translation unit that owns the precompiled MLIR headers.\n")
add_library(ArsisMLIRHeaders OBJECT ${PROJECT_BINARY_DIR}/ArsisMLIRHeaders.cpp)
target_include_directories(ArsisMLIRHeaders SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_compile_definitions(ArsisMLIRHeaders PUBLIC ${ARSIS_LLVM_DEFINITIONS})
target_precompile_headers(ArsisMLIRHeaders PRIVATE
  <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/BuiltinTypes.h> <mlir/IR/BuiltinAttributes.h>
  <mlir/IR/Dialect.h> <mlir/IR/DialectImplementation.h> <mlir/IR/OpImplementation.h> <mlir/IR/PatternMatch.h>
  <mlir/IR/AffineMap.h> <mlir/IR/AffineExpr.h> <mlir/Bytecode/BytecodeOpInterface.h>
  <mlir/Interfaces/SideEffectInterfaces.h> <mlir/Interfaces/InferTypeOpInterface.h>
  <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/SCF/IR/SCF.h> <mlir/Pass/Pass.h>
  <llvm/ADT/TypeSwitch.h> <llvm/ADT/STLExtras.h> <map> <string> <vector>)
file(WRITE ${PROJECT_BINARY_DIR}/ArsisMLIR.cpp "// Anchors the shared library; its contents come from the object libraries.\n")
add_library(ArsisMLIR SHARED ${PROJECT_BINARY_DIR}/ArsisMLIR.cpp)
target_link_libraries(ArsisMLIR PUBLIC MLIR LLVM-22)
target_link_directories(ArsisMLIR PUBLIC ${ARSIS_LLVM_LIBRARY_DIR})
