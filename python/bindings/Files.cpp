// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files as the tools write and read them: complete or not at all, and .npz archives of tensors.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "runtime/common/Npz.h"

namespace py = pybind11;

namespace arsis::python {

static void writeBytes(const Path &path, const py::bytes &data) {
  const std::string_view bytes = data; // which nobody changes
  const py::gil_scoped_release release;
  writeFile(path.string(), bytes);
}

static void writeTensors(const Path &path, const std::map<std::string, py::object> &arrays) {
  ref::TensorMap tensors;
  for (const auto &[name, array] : arrays)
    tensors.emplace(name, toTensor(array, "tensor " + name, Float64::Allowed));
  const std::vector<uint8_t> bytes = ref::serializeNpz(tensors);
  const py::gil_scoped_release release;
  writeFile(path.string(), {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

static std::map<std::string, py::array> readTensors(const Path &path) {
  std::map<std::string, py::array> arrays;
  for (const auto &[name, tensor] : ref::readNpz(path.string()))
    arrays.emplace(name, fromTensor(tensor));
  return arrays;
}

static void refuseShared(const std::map<std::string, Path> &inputs,
                         const std::map<std::string, std::vector<Path>> &outputs) {
  std::vector<NamedFile> given, written;
  for (const auto &[option, path] : inputs)
    given.push_back({option, path.string()});
  for (const auto &[option, paths] : outputs)
    for (const Path &path : paths)
      written.push_back({option, path.string()});
  refuseSharedFiles(given, written);
}

/// Reading numbers is arithmetic too, and rounds as the thread does.
static py::object readJson(const py::object &text) {
  const numerics::FloatEnvironment environment;
  return py::module_::import("json").attr("loads")(text);
}

void bindFiles(py::module_ &module) {
  module.def("read_json", &readJson, py::arg("text"),
             "As json.loads, whatever the floating-point mode of the thread. Raises ValueError.");
  module.def("write_file", &writeBytes, py::arg("path"), py::arg("data"),
             "Writes bytes to a file that appears complete, in place of a former one, or not at all.");
  module.def("write_tensors", &writeTensors, py::arg("path"), py::arg("arrays"),
             "Writes arrays by name as an .npz file, in the same way.");
  module.def("read_tensors", &readTensors, py::arg("path"),
             "Arrays by name of an .npz file: float32, float64, int32 or int64, in C order.");
  module.def(
      "refuse_shared_files", &refuseShared, py::arg("inputs"), py::arg("outputs"),
      "Raises InputError if one of the files to write is also read, or written twice. Both map what messages "
      "call a file to its path, outputs to a list of paths.");
}

} // namespace arsis::python
