// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors by kind as exceptions of Python, and signals while the interpreter lock is free.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include <array>
#include <cstring>

namespace py = pybind11;

namespace arsis::python {

/// By ErrorKind; borrowed from the module, which is never unloaded.
static std::array<PyObject *, 7> classes;

static void define(py::module_ &module, ErrorKind kind, const char *name, const char *doc,
                   const py::object &bases) {
  const std::string full = std::string("arsis.") + name; // where users, and pickles, find it
  PyObject *made = PyErr_NewExceptionWithDoc(full.c_str(), doc, bases.ptr(), nullptr);
  if (!made)
    throw py::error_already_set();
  classes[static_cast<size_t>(kind)] = made;
  module.attr(name) = py::reinterpret_steal<py::object>(made);
}

static void translate(std::exception_ptr thrown) {
  try {
    if (thrown)
      std::rethrow_exception(thrown);
  } catch (const Error &error) {
    // Names in files may be any bytes.
    const char *text = error.what();
    auto message = py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "backslashreplace"));
    PyErr_SetObject(classes[static_cast<size_t>(kindOf(error))], message.ptr());
  }
}

bool Signals::raised() {
  const py::gil_scoped_acquire acquire;
  if (PyErr_CheckSignals() == 0)
    return false;
  exception.emplace();
  return true;
}

void bindErrors(py::module_ &module) {
  const auto valueError = py::reinterpret_borrow<py::object>(PyExc_ValueError);
  define(module, ErrorKind::Other, "Error",
         "Whatever Arsis refuses. Raised itself where no kind below fits, among them mistakes of Arsis.",
         valueError);
  const py::object base = module.attr("Error");
  define(module, ErrorKind::Chip, "ChipError", "A chip's file, or a value of it, is wrong.", base);
  define(module, ErrorKind::Model, "ModelError", "A model cannot be read, compiled or trained.", base);
  define(module, ErrorKind::Infeasible, "Infeasible",
         "Model and chip are each right, but the chip has no room for it, or cannot run it.", base);
  define(module, ErrorKind::Input, "InputError", "An argument, an option or an array is wrong.", base);
  define(module, ErrorKind::Program, "ProgramError",
         "A program is damaged or unsound: it races, deadlocks, or leaves a memory.", base);
  define(module, ErrorKind::File, "FileError", "A file cannot be read or written. Also an OSError.",
         py::make_tuple(base, py::reinterpret_borrow<py::object>(PyExc_OSError)));
  py::register_exception_translator(translate);

  setOptionStyle(OptionStyle::Keyword);
  module.def("option_name", &optionName, py::arg("name"), "What messages call the option `at-step`.");
  module.def(
      "name_options_as_flags",
      [](bool flags) {
        return setOptionStyle(flags ? OptionStyle::Flag : OptionStyle::Keyword) == OptionStyle::Flag;
      },
      py::arg("flags"),
      "Whether messages call an option `--at-step`, as on a command line, or `at_step`, as the keyword. "
      "Returns "
      "what it was before.");
}

} // namespace arsis::python
