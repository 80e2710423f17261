// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files as the tools write and read them: complete or not at all, and .npz archives of tensors.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/OutputFile.h"
#include "runtime/common/Npz.h"

namespace py = pybind11;

namespace arsis::python {

static void writeBytes(const std::string &path, std::string_view bytes) {
  py::gil_scoped_release release;
  writeFile(path, bytes);
}

static void writeTensors(const std::string &path, const std::map<std::string, py::array> &arrays) {
  ref::TensorMap tensors;
  for (const auto &[name, array] : arrays)
    tensors.emplace(name, toTensor(array, "tensor " + name, Float64::Allowed));
  const std::vector<uint8_t> bytes = ref::serializeNpz(tensors);
  writeBytes(path, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

static std::map<std::string, py::array> readTensors(const std::string &path) {
  std::map<std::string, py::array> arrays;
  for (const auto &[name, tensor] : ref::readNpz(path))
    arrays.emplace(name, toArray(tensor));
  return arrays;
}

static void refuseShared(const std::map<std::string, std::string> &inputs,
                         const std::map<std::string, std::vector<std::string>> &outputs) {
  std::vector<NamedFile> given, written;
  for (const auto &[option, path] : inputs)
    given.push_back({option, path});
  for (const auto &[option, paths] : outputs)
    for (const std::string &path : paths)
      written.push_back({option, path});
  refuseSharedFiles(given, written);
}

void bindFiles(py::module_ &module) {
  module.def("write_file", &writeBytes, py::arg("path"), py::arg("data"),
             "Writes bytes to a file that appears complete, in place of a former one, or not at all.");
  module.def("write_tensors", &writeTensors, py::arg("path"), py::arg("arrays"),
             "Writes arrays by name as an .npz file, in the same way.");
  module.def("read_tensors", &readTensors, py::arg("path"),
             "Arrays by name of an .npz file: float32, float64, int32 or int64, in C order.");
  module.def(
      "refuse_shared_files", &refuseShared, py::arg("inputs"), py::arg("outputs"),
      "Raises Error if one of the files to write is also read, or written twice. Both map what messages "
      "call a file to its path, outputs to a list of paths.");
}

} // namespace arsis::python
