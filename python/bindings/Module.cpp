// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module `_arsis`: errors, and the parts in the other files.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/Error.h"

// libsystemc refers to the entry point of a SystemC program; the kernel here is started by a session instead.
extern "C" __attribute__((visibility("default"))) int sc_main(int, char **) { return 0; }

PYBIND11_MODULE(_arsis, module) {
  module.doc() = "Compiler, simulated chip and reference of Arsis. Use the package `arsis`.";
  pybind11::register_exception<arsis::Error>(module, "Error", PyExc_ValueError);
  arsis::python::bindPrograms(module);
  arsis::python::bindSessions(module);
}
