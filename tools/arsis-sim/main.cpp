// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arsis-sim: runs one step of a program on a chip, with values, cycles and energy, and compares the values
// with the reference. Exit 1: a mistake of the user or a difference.
#include "dialects/Isa/Encoding/Cursor.h"
#include "tools/arsis-sim/Parity.h"
#include "tools/arsis-sim/Tensors.h"

#include <boost/program_options.hpp>

#include <fstream>
#include <iostream>
#include <sstream>

namespace {

namespace options = boost::program_options;
using namespace arsis;

isa::Program readProgram(const std::string &path) {
  if (path.size() < 2 || path.compare(path.size() - 2, 2, ".s") != 0)
    return isa::readProgramFile(path);
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    throw Error("cannot read " + path + ", expected an assembly file");
  return isa::assemble(text.str(), path);
}

chip::Chip readChip(const std::string &name, const std::vector<std::string> &overrides) {
  chip::Chip chip = chip::Chip::load(name);
  for (const std::string &entry : overrides) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos)
      throw Error("--set is " + entry + ", expected KEY=VALUE");
    chip = chip.withOverride(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return chip;
}

struct Arguments {
  std::string program, chip, inputs, outputs, report, trace, check;
  std::vector<std::string> overrides;
  bool timingOnly = false, functionalOnly = false, fast = false;
  std::optional<uint64_t> latencySeed;
  uint64_t maxInstances = isa::kDefaultMaxInstances;
};

/// Nothing if help was asked for.
std::optional<Arguments> parse(int argc, char **argv) {
  Arguments a;
  uint64_t seed = 0;
  options::options_description described("usage: arsis-sim PROGRAM --chip CHIP [options]\noptions");
  auto add = described.add_options();
  add("program", options::value(&a.program)->required(), "program file (.arsis), or assembly (.s)");
  add("chip", options::value(&a.chip)->required(), "shipped chip or YAML file");
  add("set", options::value(&a.overrides)->composing(), "KEY=VALUE: override a value of the chip");
  add("inputs", options::value(&a.inputs), "tensors to write first (.npz, host layout)");
  add("outputs", options::value(&a.outputs), "where every readable tensor goes (.npz)");
  add("report", options::value(&a.report), "where the report goes (.json)");
  add("check", options::value(&a.check)->default_value("off"), "exact, reference or off");
  add("timing-only", options::bool_switch(&a.timingOnly), "cycles without values");
  add("functional-only", options::bool_switch(&a.functionalOnly), "values without cycles");
  add("fast", options::bool_switch(&a.fast),
      "values on a second thread beside the clock; a missing wait goes unnoticed");
  add("trace", options::value(&a.trace), "where a trace for Perfetto goes (.json)");
  add("perturb-latency", options::value(&seed), "seed of random durations; values must not change");
  add("max-instances", options::value(&a.maxInstances)->default_value(isa::kDefaultMaxInstances),
      "refuse a program that executes more instructions than this");
  add("help", "this text");
  options::positional_options_description positional;
  positional.add("program", 1);
  options::variables_map map;
  options::store(options::command_line_parser(argc, argv).options(described).positional(positional).run(),
                 map);
  if (map.count("help")) {
    std::cout << described;
    return std::nullopt;
  }
  options::notify(map);
  if (map.count("perturb-latency"))
    a.latencySeed = seed;
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
  if (a.functionalOnly && (!a.trace.empty() || a.latencySeed))
    throw Error("--functional-only has no clock, --trace and --perturb-latency need one");
}

void writeJson(const std::string &path, const boost::json::object &json) {
  std::ofstream out(path);
  out << boost::json::serialize(json) << '\n';
  out.close();
  if (!out)
    throw Error("cannot write the report to " + path);
}

void print(const boost::json::object &report) {
  const auto &totals = report.at("totals").as_object();
  if (const auto *cycles = totals.if_contains("cycles"))
    std::cout << "cycles " << *cycles << ", time " << totals.at("time_ns").to_number<double>() / 1000
              << " us, utilisation " << 100 * totals.at("utilisation").to_number<double>() << " %\n";
  std::cout << "macs " << totals.at("macs") << ", dram read " << totals.at("dram_read_bytes")
            << " B, dram write " << totals.at("dram_write_bytes") << " B, energy "
            << totals.at("energy_pj").to_number<double>() / 1e6 << " uJ\n";
}

int run(const Arguments &a) {
  const tool::Check check = tool::parseCheck(a.check);
  validate(a, check);
  auto program = std::make_shared<isa::Program>(readProgram(a.program));
  isa::checkInstances(*program, a.maxInstances);
  sim::Session session(readChip(a.chip, a.overrides), std::move(program));
  ref::TensorMap inputs;
  if (!a.inputs.empty())
    inputs = ref::readNpz(a.inputs);
  tool::checkInputs(inputs, session.program(), a.inputs);
  tool::writeInputs(session, inputs, a.inputs);

  sim::RunOptions runOptions;
  runOptions.mode = a.timingOnly       ? sim::Mode::TimingOnly
                    : a.functionalOnly ? sim::Mode::FunctionalOnly
                                       : sim::Mode::Full;
  runOptions.latencySeed = a.latencySeed;
  runOptions.tracePath = a.trace;
  runOptions.valuesBesideClock = a.fast;
  boost::json::object report = session.run(runOptions);

  std::optional<std::string> difference;
  if (!a.timingOnly) {
    const ref::TensorMap outputs = tool::readOutputs(session);
    if (!a.outputs.empty())
      ref::writeNpz(a.outputs, outputs);
    if (check != tool::Check::Off) {
      tool::Parity parity = tool::compare(check, session.program(), inputs, outputs);
      report["parity"] = std::move(parity.json);
      difference = std::move(parity.error);
    }
  }
  if (!a.report.empty())
    writeJson(a.report, report);
  print(report);
  if (difference)
    throw Error(*difference);
  if (check != tool::Check::Off)
    std::cout << "check passed, " << report.at("parity").at("tensors").as_array().size() << " tensors\n";
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    const std::optional<Arguments> arguments = parse(argc, argv);
    return arguments ? run(*arguments) : 0;
  } catch (const std::exception &error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
