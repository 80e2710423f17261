// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference: the same graph on the CPU, without any chip.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "runtime/Interpreter/StepReference.h"

namespace py = pybind11;

namespace arsis::python {

static ref::Backend parseBackend(const std::string &text) {
  static const std::map<std::string, ref::Backend> backends = {{"exact", ref::Backend::Exact},
                                                               {"plain", ref::Backend::PlainF32},
                                                               {"f64", ref::Backend::PlainF64},
                                                               {"onednn", ref::Backend::OneDnn}};
  auto found = backends.find(text);
  if (found == backends.end())
    throw InputError("backend: found '" + text + "', expected exact, plain, f64 or onednn");
  return found->second;
}

static std::unique_ptr<ref::StepReference>
makeStepReference(const ModelArgument &model, std::optional<int64_t> batch,
                  const std::map<std::string, int64_t> &dims, const std::vector<std::string> &tie,
                  const std::vector<std::string> &untie, const std::vector<std::string> &freeze,
                  std::optional<uint64_t> randomWeights, const py::kwargs &keywords) {
  compiler::CompileOptions options;
  readOptions(keywords, options);
  std::vector<compiler::Message> messages;
  const compiler::Model source = readModel(model, readImport(batch, dims, tie, untie, freeze, randomWeights));
  auto step = withoutLock(
      [&] { return std::make_unique<ref::StepReference>(compiler::stepText(source, options, &messages)); });
  warn(messages);
  return step;
}

static void run(ref::StepReference &step, const std::string &backend) {
  const ref::Backend kind = parseBackend(backend);
  withoutLock([&] { step.run(kind); });
}

void bindReference(py::module_ &module) {
  py::class_<ref::StepReference>(
      module, "Reference",
      "The reference for a program, with parameters and state of its own: write, run, read, as a Session.")
      .def(py::init([](const std::shared_ptr<isa::Program> &program) {
             const py::gil_scoped_release release;
             return std::make_unique<ref::StepReference>(*program);
           }),
           py::arg("program").none(false))
      .def(
          "write",
          [](ref::StepReference &step, const std::string &name, const py::object &array) {
            step.write(name, toTensor(array, "tensor " + name, Float64::Allowed));
          },
          py::arg("name"), py::arg("array"),
          "Copies an array of the host's shape; float64 is for the backend \"f64\".")
      .def(
          "read",
          [](const ref::StepReference &step, const std::string &name) { return fromTensor(step.read(name)); },
          py::arg("name"), "A copy of a result, or of what was written.")
      .def("run", &run, py::arg("backend") = "onednn",
           "Takes one step. \"exact\": in the chip's order of summation, bit for bit; \"onednn\": in "
           "oneDNN's; "
           "\"plain\" and \"f64\": plain loops in fp32 and fp64.");

  module.def(
      "step_reference", &makeStepReference, py::arg("model"), py::kw_only(), py::arg("batch") = py::none(),
      py::arg("dims") = std::map<std::string, int64_t>(), py::arg("tie") = std::vector<std::string>(),
      py::arg("untie") = std::vector<std::string>(), py::arg("freeze") = std::vector<std::string>(),
      py::arg("random_weights") = py::none(),
      "The reference for a model, without any chip (no backend \"exact\"). Keywords as for `compile`.");
}

} // namespace arsis::python
