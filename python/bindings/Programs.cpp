// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs, their verification, and libraries that widen them.

#include "python/bindings/Bindings.h"

#include "compiler/Schedule/Strategies.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Verifier/Verifier.h"
#include "dialects/NN/IR/Brought.h"
#include "runtime/common/KernelRegistry.h"

namespace py = pybind11;

namespace arsis::python {

using ProgramHandle = std::shared_ptr<isa::Program>;

static void saveProgram(const isa::Program &program, const Path &path, const std::optional<Path> &weights) {
  const py::gil_scoped_release release;
  if (!weights)
    return isa::writeProgramFile(path.string(), program);
  refuseSharedFiles({}, {{"path", path.string()}, {"weights", weights->string()}});
  isa::Program moved = program;
  isa::moveInitialsToFile(moved, weights->string(), isa::folderOf(path.string()));
  isa::writeProgramFile(path.string(), moved);
}

static py::bytes bytesOf(const isa::Program &program) {
  const std::vector<uint8_t> bytes = isa::encodeProgram(program);
  return py::bytes(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

/// `folder` is where names of files of initial values start.
static ProgramHandle fromBytes(const py::bytes &given, const std::string &folder) {
  const std::string_view bytes = given;
  auto program = std::make_shared<isa::Program>(
      isa::decodeProgram(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  isa::validateProgram(*program);
  program->folder = folder;
  return program;
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

static py::dict verifyProgram(const isa::Program &program, const std::string &chip,
                              const Overrides &overrides, size_t maxFindings, uint64_t maxInstances) {
  using namespace py::literals;
  isa::VerifierOptions options;
  options.maxDiagnostics = maxFindings;
  const isa::VerificationResult result = withoutLock([&] {
    isa::checkInstances(program, maxInstances);
    return isa::verify(program, loadChip(chip, overrides), options);
  });
  py::list findings;
  for (const isa::Diagnostic &found : result.diagnostics) {
    py::list places;
    for (const isa::InstanceLocation &at : found.instances)
      places.append(py::dict("stream"_a = at.stream, "position"_a = at.position, "mnemonic"_a = at.mnemonic,
                             "loops"_a = at.loops, "layer"_a = at.layer, "phase"_a = at.phase,
                             "op"_a = at.op));
    findings.append(py::dict("kind"_a = isa::name(found.kind), "message"_a = found.message,
                             "memory"_a = found.memory, "begin"_a = found.begin, "end"_a = found.end,
                             "places"_a = places));
  }
  return py::dict("accepted"_a = result.accepted, "findings"_a = findings, "instances"_a = result.instances,
                  "accesses"_a = result.accesses, "seconds"_a = result.seconds);
}

void bindPrograms(py::module_ &module) {
  module.def(
      "load_plugin",
      [](const Path &path) {
        isa::loadPlugin(path.string(), {nn::takeDialects, schedule::takeStrategies, ref::takeKernels});
      },
      py::arg("path"),
      "Loads a library that brings instructions, operations, strategies or kernels, before the first program "
      "that uses them. It stays until the process ends.");

  py::class_<isa::Program, ProgramHandle>(
      module, "Program",
      "A compiled program: what `compile` returns and a Session runs. Pickles as its bytes.")
      .def_static(
          "load",
          [](const Path &path) {
            const py::gil_scoped_release release;
            return std::make_shared<isa::Program>(isa::readProgramFile(path.string()));
          },
          py::arg("path"), "Reads a program file. Raises FileError or ProgramError.")
      .def_static("from_bytes", &fromBytes, py::arg("data"), py::arg("folder") = "",
                  "The program of these bytes; files of initial values are looked for from `folder` on.")
      .def("save", &saveProgram, py::arg("path"), py::arg("weights") = py::none(),
           "Writes the program file. With `weights`, the name of a second file (.safetensors), the initial "
           "values go there; the program names it by the way from its own folder, with its SHA-256, and is "
           "refused a value where the file has gone or changed. This object stays as it is.")
      .def("__bytes__", &bytesOf)
      .def(py::pickle(
          [](const isa::Program &program) { return py::make_tuple(bytesOf(program), program.folder); },
          [](const py::tuple &state) {
            return fromBytes(state[0].cast<py::bytes>(), state[1].cast<std::string>());
          }))
      .def(
          "disassemble", [](const isa::Program &program) { return isa::disassemble(program); },
          "The program as assembly text.")
      .def(
          "summary", [](const isa::Program &program) { return isa::dumpProgram(program); },
          "Its tables and streams, for people.")
      .def_property_readonly(
          "tensors", describeTensors,
          "One dictionary per tensor: name, role, type, shape on the chip and on the host.")
      .def_readonly("options", &isa::Program::options, "What it was compiled from and for, as texts.")
      .def_readonly("nn_module", &isa::Program::nnModule, "The mapped module, which the reference runs.")
      .def_readonly("not_observable", &isa::Program::notObservable, "Tensors that fusion removed.")
      .def_readonly("dram_bytes", &isa::Program::dramBytes, "Bytes of DRAM that its tensors occupy.");

  module.def("verify", &verifyProgram, py::arg("program").none(false), py::arg("chip"), py::kw_only(),
             py::arg("overrides") = Overrides(), py::arg("max_findings") = 20,
             py::arg("max_instances") = isa::kDefaultMaxInstances, "See arsis.verify.");
}

} // namespace arsis::python
