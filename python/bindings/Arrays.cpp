// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between numpy arrays and the host tensors of the libraries.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/Error.h"

namespace py = pybind11;

namespace arsis::python {

template <typename T> static ref::HostTensor copyIn(const py::array &array) {
  auto dense = py::array_t<T, py::array::c_style>::ensure(array);
  ref::HostTensor tensor(ref::Shape(array.shape(), array.shape() + array.ndim()), ref::HostTypeOf<T>::value);
  tensor.copyFrom(dense.data(), static_cast<size_t>(dense.nbytes()));
  return tensor;
}

ref::HostTensor toTensor(const py::array &array, const std::string &what, Float64 allowed) {
  if (py::isinstance<py::array_t<float>>(array))
    return copyIn<float>(array);
  if (py::isinstance<py::array_t<int32_t>>(array))
    return copyIn<int32_t>(array);
  if (py::isinstance<py::array_t<int64_t>>(array))
    return copyIn<int64_t>(array);
  if (allowed == Float64::Allowed && py::isinstance<py::array_t<double>>(array))
    return copyIn<double>(array);
  throw Error(what + " is an array of " + py::str(array.dtype()).cast<std::string>() +
              ", expected float32, int32 or int64" +
              (allowed == Float64::Allowed ? " (float64 for the backend f64)" : ""));
}

py::array toArray(const ref::HostTensor &tensor) {
  static const char *const types[] = {"float32", "float64", "int32", "int64"};
  return py::array(py::dtype(types[static_cast<int>(tensor.type())]), tensor.shape(), tensor.data());
}

void warn(const std::vector<compiler::Message> &messages) {
  for (const compiler::Message &message : messages) {
    // Names in ONNX files may be any bytes.
    auto text = py::reinterpret_steal<py::str>(
        PyUnicode_DecodeUTF8(message.text.data(), message.text.size(), "backslashreplace"));
    const char *format = message.isWarning ? "%U" : "remark: %U";
    if (!text || PyErr_WarnFormat(PyExc_UserWarning, 1, format, text.ptr()) != 0)
      throw py::error_already_set();
  }
}

chip::Chip loadChip(const std::string &nameOrPath, const std::map<std::string, std::string> &overrides) {
  return chip::Chip::load(nameOrPath).withOverrides(overrides);
}

} // namespace arsis::python
