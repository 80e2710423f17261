// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Assembler, disassembler and object dump: `arsis-as asm|disasm|dump INPUT [-o OUTPUT]`.
#include "dialects/Isa/Encoding/Program.h"

#include <boost/program_options.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace options = boost::program_options;
using namespace arsis;

static std::string readText(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open())
    throw Error(path + ": cannot open the assembly");
  return text;
}

static void writeText(const std::string &path, const std::string &text) {
  if (path.empty() || path == "-") {
    std::cout << text;
    return;
  }
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out)
    throw Error(path + ": cannot write");
}

static int run(int argc, char **argv) {
  options::options_description visible("options");
  visible.add_options()("help,h", "print this help")("output,o", options::value<std::string>(),
                                                     "output file; required by asm, else standard output")(
      "initials", options::value<std::string>()->default_value(""),
      "disasm: write initial values as raw files into this folder, best that of the output");
  options::options_description all;
  all.add(visible).add_options()("command", options::value<std::string>(),
                                 "")("input", options::value<std::string>(), "");
  options::positional_options_description positions;
  positions.add("command", 1).add("input", 1);
  options::variables_map values;
  options::store(options::command_line_parser(argc, argv).options(all).positional(positions).run(), values);
  if (values.count("help") || !values.count("command")) {
    std::cout
        << "usage: arsis-as asm INPUT.s -o OUTPUT.arsis | arsis-as disasm|dump INPUT.arsis [-o OUTPUT]\n"
        << visible;
    return values.count("help") ? 0 : 1;
  }
  std::string command = values["command"].as<std::string>();
  if (command != "asm" && command != "disasm" && command != "dump")
    throw Error("found command '" + command + "', expected asm, disasm or dump");
  if (!values.count("input"))
    throw Error("no input file given");
  std::string input = values["input"].as<std::string>();
  std::string output = values.count("output") ? values["output"].as<std::string>() : "";
  if (command == "asm") {
    if (output.empty())
      throw Error("asm needs an output file: -o FILE");
    isa::writeProgramFile(output, isa::assemble(readText(input), input));
  } else if (command == "disasm") {
    writeText(output, isa::disassemble(isa::readProgramFile(input), values["initials"].as<std::string>()));
  } else {
    writeText(output, isa::dumpProgram(isa::readProgramFile(input)));
  }
  return 0;
}

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
