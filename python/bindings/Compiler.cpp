// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a model to a program, or as far as its schedules.

#include "python/bindings/Bindings.h"

#include "arch_configs/reader/Options.h"

namespace py = pybind11;

namespace arsis::python {

void fill(compiler::CompileOptions &options, const std::string &chip, const Overrides &overrides,
          const py::kwargs &keywords) {
  options.chip = chip;
  options.set = chip::overridesOf(loadChip(chip, overrides));
  readOptions(keywords, options);
}

static std::shared_ptr<isa::Program>
compileModel(const ModelArgument &model, const std::string &chip, const Overrides &overrides,
             std::optional<int64_t> batch, const std::map<std::string, int64_t> &dims,
             const std::vector<std::string> &tie, const std::vector<std::string> &untie,
             const std::vector<std::string> &freeze, std::optional<uint64_t> randomWeights,
             const py::kwargs &keywords) {
  compiler::CompileOptions options;
  fill(options, chip, overrides, keywords);
  const compiler::Model source = readModel(model, readImport(batch, dims, tie, untie, freeze, randomWeights));
  std::vector<compiler::Message> messages;
  auto program = withoutLock(
      [&] { return std::make_shared<isa::Program>(compiler::compileModel(source, options, &messages)); });
  warn(messages, 2); // the package has a function of its own in between
  return program;
}

static py::dict describe(const compiler::Decision &decision) {
  using namespace py::literals;
  const schedule::Solution &solution = decision.solution;
  const schedule::Estimate &estimate = solution.best.estimate;
  static constexpr const char *kEngines[] = {"load", "store", "vector", "matrix", "drain"};
  py::dict busy;
  for (size_t engine = 0; engine < schedule::kEngines; ++engine)
    busy[kEngines[engine]] = estimate.busy[engine];
  py::object next = py::none();
  if (solution.runnerUp)
    next = py::make_tuple(decision.runnerUp, solution.runnerUp->estimate.cycles);
  return py::dict("key"_a = decision.key, "cycles"_a = estimate.cycles, "busy"_a = busy,
                  "dram_cycles"_a = estimate.dramCycles, "dram_bytes"_a = estimate.dramBytes,
                  "bound_by"_a = schedule::boundOf(estimate), "scratchpad_bytes"_a = solution.bytes,
                  "accumulator_rows"_a = solution.rows, "considered"_a = solution.considered,
                  "feasible"_a = solution.feasible, "priced"_a = solution.priced, "runner_up"_a = next);
}

py::tuple describe(const compiler::Schedules &chosen) {
  py::list decisions;
  for (const compiler::Decision &decision : chosen.decisions)
    decisions.append(describe(decision));
  return py::make_tuple(chosen.json, decisions);
}

static py::tuple chooseSchedules(const ModelArgument &model, const std::string &chip,
                                 const Overrides &overrides, std::optional<int64_t> batch,
                                 const std::map<std::string, int64_t> &dims,
                                 const std::vector<std::string> &tie, const std::vector<std::string> &untie,
                                 const std::vector<std::string> &freeze,
                                 std::optional<uint64_t> randomWeights, const py::kwargs &keywords) {
  compiler::CompileOptions options;
  fill(options, chip, overrides, keywords);
  const compiler::Model source = readModel(model, readImport(batch, dims, tie, untie, freeze, randomWeights));
  std::vector<compiler::Message> messages;
  const compiler::Schedules chosen =
      withoutLock([&] { return compiler::chooseSchedules(source, options, &messages); });
  warn(messages, 2); // the package has a function of its own in between
  return describe(chosen);
}

static compiler::ParameterReaders readersOf(const Path &model, const std::vector<std::string> &tie,
                                            const std::vector<std::string> &untie,
                                            std::optional<uint64_t> randomWeights) {
  const compiler::ImportOptions import = readImport(std::nullopt, {}, tie, untie, {}, randomWeights);
  return withoutLock([&] { return compiler::parameterReaders(model.string(), import); });
}

static py::bytes inlinedModel(const Path &model) {
  return py::bytes(withoutLock([&] { return compiler::inlinedOnnx(model.string()); }));
}

void bindCompiler(py::module_ &module) {
  module.def(
      "parameter_readers", &readersOf, py::arg("model"), py::kw_only(),
      py::arg("tie") = std::vector<std::string>(), py::arg("untie") = std::vector<std::string>(),
      py::arg("random_weights") = py::none(),
      "For each parameter and running statistic of an ONNX file, by the name it has in a program: the inputs "
      "that read it, as pairs (number of the node in the file, number of its input). Of a file with "
      "functions the nodes are those of `inlined_model`.");
  module.def("inlined_model", &inlinedModel, py::arg("model"),
             "The bytes of an ONNX file without functions, made from the one at the path `model`: each "
             "function's nodes are where it was called. Weights that lie in other files stay there. Raises "
             "ModelError or FileError.");
  module.def("describe_options", &describeOptions,
             "Every option of `compile` and `schedules` with its meaning, one a line.");
  const auto define = [&](const char *name, auto function, const char *help) {
    module.def(name, function, py::arg("model"), py::arg("chip"), py::kw_only(),
               py::arg("overrides") = Overrides(), py::arg("batch") = py::none(),
               py::arg("dims") = std::map<std::string, int64_t>(),
               py::arg("tie") = std::vector<std::string>(), py::arg("untie") = std::vector<std::string>(),
               py::arg("freeze") = std::vector<std::string>(), py::arg("random_weights") = py::none(), help);
  };
  define("compile", &compileModel, "See arsis.compile.");
  define("schedules", &chooseSchedules,
         "As far as the schedules: they as JSON, and for each a dictionary of what the search found. See "
         "arsis.schedules.");
}

} // namespace arsis::python
