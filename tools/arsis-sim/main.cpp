// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arsis-sim: runs one step of a program on a chip, with values, cycles and energy, and compares the values
// with the reference. Exit 1: a mistake of the user or a difference.
#include "tools/common/Main.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "dialects/NN/IR/Brought.h"
#include "runtime/common/KernelRegistry.h"
#include "tools/arsis-sim/Parity.h"
#include "tools/arsis-sim/Tensors.h"
#include "tools/common/Options.h"

#include <iostream>

namespace {

namespace options = boost::program_options;
using namespace arsis;

struct Arguments {
  std::string program, chip, inputs, outputs, report, trace, check;
  std::vector<std::string> overrides;
  bool timingOnly = false, functionalOnly = false, fast = false, noVerify = false, power = false;
  std::optional<uint64_t> latencySeed;
  sim::TraceOptions traceOptions;
  uint64_t maxInstances = isa::kDefaultMaxInstances, maxWork = isa::kDefaultMaxWork;
};

/// Nothing if help was asked for.
std::optional<Arguments> parse(int argc, char **argv) {
  Arguments a;
  std::string seed, maxInstances, maxWork, traceDetail, traceWindow;
  options::options_description described("usage: arsis-sim PROGRAM --chip CHIP [options]\noptions");
  auto add = described.add_options();
  add("program", options::value<std::string>(), "program file (.arsis), or assembly (.s)");
  add("chip", options::value<std::string>(), "shipped chip or YAML file");
  add("set", options::value(&a.overrides)->composing(), "KEY=VALUE: override a value of the chip");
  add("inputs", options::value(&a.inputs), "tensors to write first (.npz, host layout)");
  add("outputs", options::value(&a.outputs), "where every readable tensor goes (.npz)");
  add("report", options::value(&a.report), "where the report goes (.json)");
  add("check", options::value(&a.check)->default_value("off"),
      "exact, reference, ops (every operation, with --functional-only) or off");
  add("timing-only", options::bool_switch(&a.timingOnly), "cycles without values");
  add("functional-only", options::bool_switch(&a.functionalOnly), "values without cycles");
  add("fast", options::bool_switch(&a.fast),
      "values on a second thread beside the clock; a missing wait goes unnoticed");
  add("power", options::bool_switch(&a.power), "power over time in the report");
  add("trace", options::value(&a.trace), "where a trace for Perfetto goes (.json)");
  add("trace-detail", options::value(&traceDetail)->default_value("units"),
      "layers, units (what is very short is put together) or instructions");
  add("trace-window", options::value(&traceWindow), "BEGIN:END: the cycles that the trace shows");
  add("perturb-latency", options::value(&seed), "seed of random durations; values must not change");
  add("max-instances",
      options::value(&maxInstances)->default_value(std::to_string(isa::kDefaultMaxInstances)),
      "refuse a program that executes more instructions than this");
  add("max-work", options::value(&maxWork)->default_value(std::to_string(isa::kDefaultMaxWork)),
      "refuse to visit more elements than this; with --timing-only those of transfers");
  add("no-verify", options::bool_switch(&a.noVerify),
      "run a program that nobody has verified, with whatever comes of it");
  tool::addPluginOption(described);
  add("help", "this text");
  const options::variables_map given =
      tool::parseOptions(argc, argv, described, options::positional_options_description().add("program", 1));
  if (given.count("help")) {
    std::cout << described;
    return std::nullopt;
  }
  tool::loadPlugins(given, {nn::takeDialects, ref::takeKernels});
  a.program = tool::required(given, "program");
  a.chip = tool::required(given, "chip");
  a.maxInstances = tool::wholeNumber(maxInstances, "--max-instances");
  a.maxWork = tool::wholeNumber(maxWork, "--max-work");
  if (a.trace.empty() && (given.count("trace-window") || !given["trace-detail"].defaulted()))
    throw Error("--trace-detail and --trace-window say what a trace holds, expected --trace with them");
  a.traceOptions.detail = sim::parseTraceDetail(traceDetail);
  if (given.count("trace-window"))
    sim::parseTraceWindow(traceWindow, a.traceOptions);
  if (given.count("perturb-latency"))
    a.latencySeed = tool::wholeNumber(seed, "--perturb-latency");
  for (const char *file : {"inputs", "outputs", "report", "trace"})
    if (given.count(file) && given[file].as<std::string>().empty())
      throw Error(std::string("--") + file + ": found an empty name, expected that of a file");
  return a;
}

void validate(const Arguments &a, tool::Check check) {
  if (a.timingOnly && a.functionalOnly)
    throw Error("--timing-only and --functional-only exclude each other");
  if (a.fast && (a.timingOnly || a.functionalOnly || a.latencySeed))
    throw Error("--fast runs values beside an unperturbed clock, it excludes --timing-only, "
                "--functional-only and --perturb-latency");
  if (a.timingOnly && (check != tool::Check::Off || !a.outputs.empty()))
    throw Error("--timing-only computes no values, --check and --outputs need them");
  if (check == tool::Check::Ops && !a.functionalOnly)
    throw Error(
        "--check=ops looks at tensors that the next ones overwrite, expected --functional-only with it");
  if (a.functionalOnly && (!a.trace.empty() || a.latencySeed || a.power))
    throw Error("--functional-only has no clock, --trace, --power and --perturb-latency need one");
}

void print(const boost::json::object &report) {
  const auto &chip = report.at("chip").as_object();
  for (const boost::json::value &change : chip.at("overridden").as_array())
    std::cout << "chip " << chip.at("name").as_string().c_str() << " with "
              << change.at("key").as_string().c_str() << " = " << change.at("to").as_string().c_str()
              << " instead of " << change.at("from").as_string().c_str() << '\n';
  for (const boost::json::value &why : report.at("hypothetical").as_array())
    std::cout << "hypothetical: " << why.as_string().c_str() << '\n';
  const auto &totals = report.at("totals").as_object();
  if (const auto *cycles = totals.if_contains("cycles"))
    std::cout << "cycles " << *cycles << ", time " << totals.at("time_ns").to_number<double>() / 1000
              << " us, utilisation " << 100 * totals.at("utilisation").to_number<double>() << " %\n";
  std::cout << "macs " << totals.at("macs") << ", dram read " << totals.at("dram_read_bytes")
            << " B, dram write " << totals.at("dram_write_bytes") << " B, energy "
            << totals.at("energy_pj").to_number<double>() / 1e6 << " uJ\n";
}

/// An output that was asked for, created before anything is computed.
std::unique_ptr<OutputFile> create(const std::string &path) {
  return path.empty() ? nullptr : std::make_unique<OutputFile>(path);
}

int run(const Arguments &a) {
  const tool::Check check = tool::parseCheck(a.check);
  validate(a, check);
  refuseSharedFiles({{"the program", a.program}, {"--chip", a.chip}, {"--inputs", a.inputs}},
                    {{"--outputs", a.outputs}, {"--report", a.report}, {"--trace", a.trace}});
  auto program = std::make_shared<isa::Program>(tool::readProgram(a.program));
  // What is beyond the budget is not verified either.
  isa::checkInstances(*program, a.maxInstances);
  isa::checkWork(*program, a.maxWork, a.timingOnly ? isa::Work::Transfers : isa::Work::Everything);
  sim::Session session(tool::readChip(a.chip, a.overrides), std::move(program),
                       a.noVerify ? sim::Verification::Skipped : sim::Verification::Required, a.maxInstances);
  ref::TensorMap inputs;
  tool::nowDoing("reading " + a.inputs);
  if (!a.inputs.empty())
    inputs = tool::readInputs(a.inputs, session.program());
  if (!a.timingOnly || !inputs.empty())
    session.loadInitialValues();
  tool::writeInputs(session, inputs, a.inputs);
  if (!a.outputs.empty()) {
    const std::vector<std::string> names = tool::readableTensors(session.program());
    ref::checkNpzNames({names.begin(), names.end()});
  }
  const std::unique_ptr<OutputFile> outputFile = create(a.outputs), reportFile = create(a.report);

  tool::nowDoing("running " + a.program);
  sim::RunOptions runOptions;
  runOptions.mode = a.timingOnly       ? sim::Mode::TimingOnly
                    : a.functionalOnly ? sim::Mode::FunctionalOnly
                                       : sim::Mode::Full;
  runOptions.latencySeed = a.latencySeed;
  runOptions.tracePath = a.trace;
  runOptions.trace = a.traceOptions;
  runOptions.powerOverTime = a.power;
  runOptions.valuesBesideClock = a.fast;
  runOptions.maxInstances = a.maxInstances;
  runOptions.maxWork = a.maxWork;
  std::optional<tool::OperationCheck> operations;
  if (check == tool::Check::Ops) {
    operations.emplace(session.program(), inputs);
    runOptions.onComplete = [&](const isa::Tensor &tensor, const std::vector<uint8_t> &elements) {
      operations->complete(tensor, elements);
    };
  }
  boost::json::object report = session.run(runOptions);

  std::optional<std::string> difference;
  if (!a.timingOnly) {
    const ref::TensorMap outputs = tool::readOutputs(session);
    if (outputFile) {
      const std::vector<uint8_t> bytes = ref::serializeNpz(outputs);
      outputFile->stream().write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
      outputFile->commit();
    }
    if (check != tool::Check::Off) {
      tool::Parity parity =
          operations ? operations->finish(outputs) : tool::compare(check, session.program(), inputs, outputs);
      report["parity"] = std::move(parity.json);
      difference = std::move(parity.error);
    }
  }
  if (reportFile) {
    reportFile->stream() << boost::json::serialize(report) << '\n';
    reportFile->commit();
  }
  print(report);
  if (difference)
    throw Error(*difference);
  if (check != tool::Check::Off)
    std::cout << "check passed, " << report.at("parity").at("tensors").as_array().size() << " tensors\n";
  return 0;
}

int runTool(int argc, char **argv) {
  const std::optional<Arguments> arguments = parse(argc, argv);
  return arguments ? run(*arguments) : 0;
}

} // namespace

int main(int argc, char **argv) { return tool::runMain(runTool, argc, argv); }
