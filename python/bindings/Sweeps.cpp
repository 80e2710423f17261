// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What compiles one model for many chips: the model read once, the names of the compiler's options.

#include "python/bindings/Bindings.h"

#include "arch_configs/reader/Options.h"
#include "compiler/Pipelines/ImportedModel.h"

#include <algorithm>
#include <mutex>

namespace py = pybind11;

namespace arsis::python {

/// A model with the mutex that its one context needs.
struct SharedModel {
  SharedModel(const compiler::Model &model, bool training) : model(model, training) {}
  compiler::ImportedModel model;
  std::mutex busy;
};

static std::unique_ptr<SharedModel>
importModel(const ModelArgument &model, bool train, std::optional<int64_t> batch,
            const std::map<std::string, int64_t> &dims, const std::vector<std::string> &tie,
            const std::vector<std::string> &untie, const std::vector<std::string> &freeze,
            std::optional<uint64_t> randomWeights) {
  const compiler::Model source = readModel(model, readImport(batch, dims, tie, untie, freeze, randomWeights));
  return withoutLock([&] { return std::make_unique<SharedModel>(source, train); });
}

static std::shared_ptr<isa::Program> compileImported(SharedModel &model, const std::string &chip,
                                                     const Overrides &overrides, const py::kwargs &keywords) {
  compiler::CompileOptions options;
  fill(options, chip, overrides, keywords);
  std::vector<compiler::Message> messages;
  auto program = withoutLock([&] {
    const std::lock_guard<std::mutex> lock(model.busy);
    return std::make_shared<isa::Program>(model.model.compile(options, &messages));
  });
  warn(messages);
  return program;
}

static py::tuple chooseSchedules(SharedModel &model, const std::string &chip, const Overrides &overrides,
                                 const py::kwargs &keywords) {
  compiler::CompileOptions options;
  fill(options, chip, overrides, keywords);
  std::vector<compiler::Message> messages;
  const compiler::Schedules chosen = withoutLock([&] {
    const std::lock_guard<std::mutex> lock(model.busy);
    return model.model.chooseSchedules(options, &messages);
  });
  warn(messages);
  return describe(chosen);
}

static std::map<std::string, std::string> compileOptions() {
  std::map<std::string, std::string> options;
  compiler::CompileOptions().visit(
      [&](llvm::StringRef name, llvm::StringRef help, compiler::CompileOptions::Kind) {
        std::string keyword = name.str();
        std::replace(keyword.begin(), keyword.end(), '-', '_');
        if (!hasArgument(name.str()))
          options[keyword] = help.str();
      });
  return options;
}

void bindSweeps(py::module_ &module) {
  py::class_<SharedModel>(module, "ImportedModel",
                          "A model that is read once and compiled often; arguments as for `arsis.compile`.")
      .def(py::init(&importModel), py::arg("model"), py::kw_only(), py::arg("train") = false,
           py::arg("batch") = py::none(), py::arg("dims") = std::map<std::string, int64_t>(),
           py::arg("tie") = std::vector<std::string>(), py::arg("untie") = std::vector<std::string>(),
           py::arg("freeze") = std::vector<std::string>(), py::arg("random_weights") = py::none())
      .def("compile", &compileImported, py::arg("chip"), py::kw_only(), py::arg("overrides") = Overrides(),
           "The program that `arsis.compile` makes, to the byte. `train` is to be what the model was read "
           "for.")
      .def("schedules", &chooseSchedules, py::arg("chip"), py::kw_only(), py::arg("overrides") = Overrides(),
           "What the function `schedules` returns for the model; `train` as for `compile`.");
  module.def(
      "chip_overrides",
      [](const std::string &chip, const Overrides &overrides) {
        return chip::overridesOf(loadChip(chip, overrides));
      },
      py::arg("chip"), py::arg("overrides"),
      "The values that differ from the chip's file as KEY=VALUE, in the order of the schema.");
  module.def("compile_options", &compileOptions,
             "What `compile` takes by keyword besides its own arguments: name and meaning.");
}

} // namespace arsis::python
