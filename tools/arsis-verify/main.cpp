// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-verify: proves a program free of deadlock, races, out-of-bounds accesses and undefined reads on a
// chip, or says what is wrong and where. Exit status: 0 accepted, 1 rejected or error.
#include "tools/common/Main.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Verifier/Verifier.h"
#include "tools/common/Options.h"

#include <iomanip>
#include <iostream>

using namespace arsis;
namespace options = boost::program_options;

static int run(int argc, char **argv) {
  std::vector<std::string> overrides;
  std::string maxErrors, maxInstances;
  options::options_description visible("usage: arsis-verify PROGRAM --chip CHIP [options]\n\n"
                                       "PROGRAM is a .arsis file, or assembly ending in .s");
  visible.add_options()("help", "print this text")("chip", options::value<std::string>(),
                                                   "name or YAML file of the chip")(
      "set", options::value(&overrides)->composing(), "KEY=VALUE: override a chip value")(
      "max-errors", options::value(&maxErrors)->default_value("20"), "stop after this many errors")(
      "max-instances",
      options::value(&maxInstances)->default_value(std::to_string(isa::kDefaultMaxInstances)),
      "refuse a program that executes more instructions than this")(
      "unroll", options::bool_switch(),
      "verify the program with its loops written out; the verdict is the same");
  tool::addPluginOption(visible);
  options::options_description all;
  all.add(visible).add_options()("program", options::value<std::string>());
  const options::variables_map given =
      tool::parseOptions(argc, argv, all, options::positional_options_description().add("program", 1));
  if (given.count("help")) {
    std::cout << visible << "\n";
    return 0;
  }
  tool::loadPlugins(given);
  const std::string path = tool::required(given, "program");
  isa::VerifierOptions verifierOptions;
  verifierOptions.maxDiagnostics = tool::wholeNumber(maxErrors, "--max-errors", 1);
  const uint64_t mostInstances = tool::wholeNumber(maxInstances, "--max-instances");
  const chip::Chip chip = tool::readChip(tool::required(given, "chip"), overrides);
  isa::Program program = tool::readProgram(path);
  tool::nowDoing("verifying " + path);
  isa::checkInstances(program, mostInstances);
  if (given["unroll"].as<bool>())
    program = isa::unrollLoops(program);
  const isa::VerificationResult result = isa::verify(program, chip, verifierOptions);
  for (const isa::Diagnostic &diagnostic : result.diagnostics)
    std::cerr << "error: [" << isa::name(diagnostic.kind) << "] " << diagnostic.message << "\n";
  std::cout << path << ": " << (result.accepted ? "accepted" : "rejected") << " on chip " << chip.name << "; "
            << result.instances << " instances, " << result.accesses << " accesses, at most "
            << result.peakLog << " remembered, " << std::fixed << std::setprecision(3) << result.seconds
            << " s\n";
  return result.accepted ? 0 : 1;
}

int main(int argc, char **argv) { return tool::runMain(run, argc, argv); }
