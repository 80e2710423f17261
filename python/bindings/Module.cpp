// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module `_arsis`: the parts in the other files.

#include "python/bindings/Bindings.h"

PYBIND11_MODULE(_arsis, module) {
  module.doc() = "Compiler, simulated chip and reference of Arsis. Use the package `arsis`.";
  arsis::python::bindErrors(module);
  arsis::python::bindFiles(module);
  arsis::python::bindChips(module);
  arsis::python::bindPrograms(module);
  arsis::python::bindCompiler(module);
  arsis::python::bindSessions(module);
  arsis::python::bindReference(module);
  arsis::python::bindSweeps(module);
}
