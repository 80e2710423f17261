// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between numpy arrays and the host tensors of the libraries.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/ErrorKind.h"

namespace py = pybind11;

namespace arsis::python {

/// What numpy makes of it. Python's own numbers have no type that anybody chose.
static py::array asArray(const py::object &given, const std::string &what) {
  if (py::isinstance<py::array>(given))
    return given;
  py::array made;
  try {
    made = py::module_::import("numpy").attr("asarray")(given);
  } catch (py::error_already_set &error) {
    throw InputError(what + " is no array: " + py::str(error.value()).cast<std::string>());
  }
  const bool typed = py::hasattr(given, "__array__") || py::hasattr(given, "__array_interface__");
  if (!typed && py::isinstance<py::array_t<double>>(made))
    return made.attr("astype")("float32");
  return made;
}

static bool isOneOf(const py::array &array, Float64 allowed) {
  return py::isinstance<py::array_t<float>>(array) || py::isinstance<py::array_t<int32_t>>(array) ||
         py::isinstance<py::array_t<int64_t>>(array) ||
         (allowed == Float64::Allowed && py::isinstance<py::array_t<double>>(array));
}

py::array toArray(const py::object &given, const std::string &what, Float64 allowed) {
  py::array array = asArray(given, what);
  if (!isOneOf(array, allowed))
    throw InputError(what + " is an array of " + py::str(array.dtype()).cast<std::string>() +
                     ", expected float32, int32 or int64" +
                     (allowed == Float64::Allowed ? " (float64 for the backend f64)" : ""));
  // ensure() makes one dimension of none.
  if (array.ndim() == 0 || (array.flags() & py::array::c_style))
    return array;
  return py::array::ensure(array, py::array::c_style);
}

static ref::HostType typeOf(const py::array &array) {
  if (py::isinstance<py::array_t<float>>(array))
    return ref::HostType::F32;
  if (py::isinstance<py::array_t<double>>(array))
    return ref::HostType::F64;
  return py::isinstance<py::array_t<int32_t>>(array) ? ref::HostType::I32 : ref::HostType::I64;
}

ref::HostTensor toTensor(const py::object &given, const std::string &what, Float64 allowed) {
  const py::array array = toArray(given, what, allowed);
  ref::HostTensor tensor(ref::Shape(array.shape(), array.shape() + array.ndim()), typeOf(array));
  tensor.copyFrom(array.data(), static_cast<size_t>(array.nbytes()));
  return tensor;
}

py::array fromTensor(const ref::HostTensor &tensor) {
  static const char *const types[] = {"float32", "float64", "int32", "int64"};
  return py::array(py::dtype(types[static_cast<int>(tensor.type())]), tensor.shape(), tensor.data());
}

void warn(const std::vector<compiler::Message> &messages, int frames) {
  for (const compiler::Message &message : messages) {
    // Names in ONNX files may be any bytes.
    auto text = py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(
        message.text.data(), static_cast<Py_ssize_t>(message.text.size()), "backslashreplace"));
    const char *format = message.isWarning ? "%U" : "remark: %U";
    if (!text || PyErr_WarnFormat(PyExc_UserWarning, frames, format, text.ptr()) != 0)
      throw py::error_already_set();
  }
}

} // namespace arsis::python
