// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chips, compilation and programs.

#include "python/bindings/Bindings.h"

#include "arch_configs/reader/Options.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Schedule/Strategies.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/NN/IR/Brought.h"
#include "runtime/common/KernelRegistry.h"

#include <variant>

namespace py = pybind11;

namespace arsis::python {

using ProgramHandle = std::shared_ptr<isa::Program>;

static ProgramHandle compileModel(const ModelArgument &model, const std::string &chip,
                                  const std::map<std::string, std::string> &overrides,
                                  std::optional<int64_t> batch, const std::map<std::string, int64_t> &dims,
                                  const std::vector<std::string> &tie, const std::vector<std::string> &untie,
                                  const std::vector<std::string> &freeze,
                                  std::optional<uint64_t> randomWeights, const py::kwargs &keywords) {
  compiler::CompileOptions options;
  options.chip = chip;
  options.set = chip::overridesOf(loadChip(chip, overrides));
  readOptions(keywords, options);
  const compiler::Model source = readModel(model, readImport(batch, dims, tie, untie, freeze, randomWeights));
  std::vector<compiler::Message> messages;
  ProgramHandle program;
  {
    py::gil_scoped_release release;
    program = std::make_shared<isa::Program>(compiler::compileModel(source, options, &messages));
  }
  warn(messages);
  return program;
}

static void saveProgram(const isa::Program &program, const std::string &path,
                        const std::optional<std::string> &weights) {
  py::gil_scoped_release release;
  if (!weights)
    return isa::writeProgramFile(path, program);
  refuseSharedFiles({}, {{"path", path}, {"weights", *weights}});
  isa::Program moved = program;
  isa::moveInitialsToFile(moved, *weights, isa::folderOf(path));
  isa::writeProgramFile(path, moved);
}

template <typename Enum> static std::string nameOf(Enum value) {
  return std::string(isa::EnumTraits<Enum>::kNames[static_cast<unsigned>(value)]);
}

static py::list describeTensors(const isa::Program &program) {
  py::list list;
  for (const isa::Tensor &tensor : program.tensors) {
    py::dict entry;
    entry["name"] = tensor.name;
    entry["role"] = nameOf(tensor.role);
    entry["type"] = nameOf(tensor.type);
    entry["shape"] = py::cast(tensor.shape);
    entry["host_shape"] = py::cast(tensor.hostShape);
    entry["address"] = tensor.address;
    entry["observable"] = tensor.observable;
    entry["parameter"] =
        tensor.parameter ? py::object(py::str(program.tensors[*tensor.parameter].name)) : py::none();
    list.append(entry);
  }
  return list;
}

void bindPrograms(py::module_ &module) {
  module.def(
      "load_plugin",
      [](const std::string &path) {
        isa::loadPlugin(path, {nn::takeDialects, schedule::takeStrategies, ref::takeKernels});
      },
      py::arg("path"),
      "Loads a library that brings instructions, operations, strategies or kernels, before the first program "
      "that uses them. It stays until the process ends.");
  module.def("chips", &chip::Chip::shipped, "Names of the shipped chips.");
  module.def(
      "chip_value",
      [](const std::string &chipName, const std::string &key) {
        chip::Chip chip = chip::Chip::load(chipName);
        return py::make_tuple(chip.text(key), chip.unit(key), chip.source(key));
      },
      py::arg("chip"), py::arg("key"), "Value as written, unit and source of one key of a chip.");

  module.def("parse_overrides", &chip::parseOverrides, py::arg("entries"),
             "KEY=VALUE texts, as --set takes them, as a dictionary. Raises Error for anything else.");

  py::class_<isa::Program, ProgramHandle>(module, "Program", "A compiled program.")
      .def_static(
          "load",
          [](const std::string &path) { return std::make_shared<isa::Program>(isa::readProgramFile(path)); })
      .def("save", &saveProgram, py::arg("path"), py::arg("weights") = py::none(),
           "Writes the program file. With `weights`, the name of a second file (.safetensors), the initial "
           "values go there; the program names it by the way from its own folder, with its SHA-256, and is "
           "refused a value where the file has gone or changed. This object stays as it is.")
      .def("__bytes__",
           [](const isa::Program &program) {
             std::vector<uint8_t> bytes = isa::encodeProgram(program);
             return py::bytes(reinterpret_cast<const char *>(bytes.data()), bytes.size());
           })
      .def("disassemble", [](const isa::Program &program) { return isa::disassemble(program); })
      .def("summary", [](const isa::Program &program) { return isa::dumpProgram(program); })
      .def_property_readonly("tensors", describeTensors)
      .def_readonly("options", &isa::Program::options)
      .def_readonly("nn_module", &isa::Program::nnModule)
      .def_readonly("not_observable", &isa::Program::notObservable)
      .def_readonly("dram_bytes", &isa::Program::dramBytes);

  module.def(
      "parameter_readers",
      [](const std::string &model, const std::vector<std::string> &tie, const std::vector<std::string> &untie,
         std::optional<uint64_t> randomWeights) {
        return compiler::parameterReaders(model, readImport(std::nullopt, {}, tie, untie, {}, randomWeights));
      },
      py::arg("model"), py::kw_only(), py::arg("tie") = std::vector<std::string>(),
      py::arg("untie") = std::vector<std::string>(), py::arg("random_weights") = py::none(),
      "For each parameter and running statistic of an ONNX file, by the name it has in a program: the inputs "
      "that "
      "read it, as pairs (number of the node in the file, number of its input). Of a file with functions the "
      "nodes "
      "are those of `inlined_model`.");
  module.def(
      "inlined_model", [](const std::string &model) { return py::bytes(compiler::inlinedOnnx(model)); },
      py::arg("model"),
      "The bytes of an ONNX file without functions, made from the one at the path `model`: each function's "
      "nodes are "
      "where it was called. Weights that lie in other files stay there. Raises Error.");
  const std::string help = "Compiles a model for a chip: the path of an .onnx file, of the text of any level "
                           "(.mlir), or the bytes of "
                           "an ONNX model. The compiler's warnings and remarks become Python warnings "
                           "(UserWarning). Further options are "
                           "keywords:\n" +
                           describeOptions();
  module.def("compile", &compileModel, py::arg("model"), py::arg("chip"), py::kw_only(),
             py::arg("overrides") = std::map<std::string, std::string>(), py::arg("batch") = py::none(),
             py::arg("dims") = std::map<std::string, int64_t>(), py::arg("tie") = std::vector<std::string>(),
             py::arg("untie") = std::vector<std::string>(), py::arg("freeze") = std::vector<std::string>(),
             py::arg("random_weights") = py::none(), help.c_str());
}

} // namespace arsis::python
