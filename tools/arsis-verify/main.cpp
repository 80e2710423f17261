// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-verify: proves a program free of deadlock, races, out-of-bounds accesses and undefined reads on a
// chip, or says what is wrong and where. Exit status: 0 accepted, 1 rejected or error, 2 wrong usage.
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Verifier/Verifier.h"

#include <boost/program_options.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace arsis;
namespace options = boost::program_options;

static isa::Program readProgram(const std::string &path) {
  if (path.size() < 2 || path.compare(path.size() - 2, 2, ".s") != 0)
    return isa::readProgramFile(path);
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    throw Error("cannot read '" + path + "', expected an assembly file");
  return isa::assemble(text.str(), path);
}

int main(int argc, char **argv) try {
  options::options_description visible("usage: arsis-verify PROGRAM --chip CHIP [options]\n\n"
                                       "PROGRAM is a .arsis file, or assembly ending in .s");
  visible.add_options()("help", "print this text")("chip", options::value<std::string>(),
                                                   "name or YAML file of the chip")(
      "set", options::value<std::vector<std::string>>()->composing(), "KEY=VALUE: override a chip value")(
      "max-errors", options::value<size_t>()->default_value(20), "stop after this many errors")(
      "max-instances", options::value<uint64_t>()->default_value(isa::kDefaultMaxInstances),
      "refuse a program that executes more instructions than this")(
      "unroll", options::bool_switch(),
      "verify the program with its loops written out; the verdict is the same");
  options::options_description all;
  all.add(visible).add_options()("program", options::value<std::string>());
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv)
                     .options(all)
                     .positional(options::positional_options_description().add("program", 1))
                     .run(),
                 given);
  if (given.count("help") || !given.count("program") || !given.count("chip")) {
    (given.count("help") ? std::cout : std::cerr) << visible << "\n";
    return given.count("help") ? 0 : 2;
  }
  chip::Chip chip = chip::Chip::load(given["chip"].as<std::string>());
  if (given.count("set"))
    for (const std::string &entry : given["set"].as<std::vector<std::string>>()) {
      size_t equals = entry.find('=');
      if (equals == std::string::npos)
        throw Error("cannot use --set '" + entry + "', expected KEY=VALUE");
      chip = chip.withOverride(entry.substr(0, equals), entry.substr(equals + 1));
    }
  isa::Program program = readProgram(given["program"].as<std::string>());
  isa::checkInstances(program, given["max-instances"].as<uint64_t>());
  if (given["unroll"].as<bool>())
    program = isa::unrollLoops(program);
  isa::VerifierOptions verifierOptions;
  verifierOptions.maxDiagnostics = given["max-errors"].as<size_t>();
  isa::VerificationResult result = isa::verify(program, chip, verifierOptions);
  for (const isa::Diagnostic &diagnostic : result.diagnostics)
    std::cerr << "error: [" << isa::name(diagnostic.kind) << "] " << diagnostic.message << "\n";
  std::printf("%s: %s on chip %s; %llu instances, %llu accesses, at most %llu remembered, %.3f s\n",
              given["program"].as<std::string>().c_str(), result.accepted ? "accepted" : "rejected",
              chip.name.c_str(), (unsigned long long)result.instances, (unsigned long long)result.accesses,
              (unsigned long long)result.peakLog, result.seconds);
  return result.accepted ? 0 : 1;
} catch (const options::error &error) {
  std::cerr << "error: " << error.what() << "\n";
  return 2;
} catch (const Error &error) {
  std::cerr << "error: " << error.what() << "\n";
  return 1;
}
