// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module `_arsis`: errors, and the parts in the other files.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/Error.h"

PYBIND11_MODULE(_arsis, module) {
  module.doc() = "Compiler, simulated chip and reference of Arsis. Use the package `arsis`.";
  pybind11::register_exception<arsis::Error>(module, "Error", PyExc_ValueError);
  arsis::python::bindFiles(module);
  arsis::python::bindPrograms(module);
  arsis::python::bindSessions(module);
  arsis::python::bindSweeps(module);
}
