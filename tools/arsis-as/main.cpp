// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Assembler, disassembler and object dump: `arsis-as asm|disasm|dump INPUT [-o OUTPUT]`.
#include "tools/common/Main.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "tools/common/Options.h"

#include <iostream>

using namespace arsis;
namespace options = boost::program_options;

static int run(int argc, char **argv) {
  options::options_description visible("options");
  visible.add_options()("help,h", "print this help")("output,o", options::value<std::string>(),
                                                     "output file; required by asm, else standard output")(
      "weights", options::value<std::string>(),
      "asm, disasm: file (.safetensors) that takes the initial values; the output names it, with its hash");
  options::options_description all;
  all.add(visible).add_options()("command", options::value<std::string>(),
                                 "")("input", options::value<std::string>(), "");
  options::positional_options_description positions;
  positions.add("command", 1).add("input", 1);
  const options::variables_map given = tool::parseOptions(argc, argv, all, positions);
  if (given.count("help") || !given.count("command")) {
    std::cout
        << "usage: arsis-as asm INPUT.s -o OUTPUT.arsis | arsis-as disasm|dump INPUT.arsis [-o OUTPUT]\n"
        << visible;
    return given.count("help") ? 0 : 1;
  }
  const std::string command = given["command"].as<std::string>();
  if (command != "asm" && command != "disasm" && command != "dump")
    throw Error("found command '" + command + "', expected asm, disasm or dump");
  if (!given.count("input"))
    throw Error("no input file given");
  if (command == "asm" && !given.count("output"))
    throw Error("asm needs an output file: -o FILE");
  if (command == "dump" && given.count("weights"))
    throw Error("--weights belongs to asm and disasm, found dump");
  const std::string input = given["input"].as<std::string>();
  const std::string output = given.count("output") ? given["output"].as<std::string>() : "-";
  const std::string weights = given.count("weights") ? given["weights"].as<std::string>() : "";
  refuseSharedFiles({{"the input", input}}, {{"--output", output}, {"--weights", weights}});
  tool::nowDoing("reading " + input);
  isa::Program program =
      command == "asm" ? isa::assemble(readFile(input), input) : isa::readProgramFile(input);
  if (given.count("weights"))
    isa::moveInitialsToFile(program, weights, isa::folderOf(output));
  else if (command == "disasm")
    isa::nameFilesFrom(program, isa::folderOf(output));
  if (command == "asm")
    isa::writeProgramFile(output, program);
  else
    writeFile(output, command == "disasm" ? isa::disassemble(program) : isa::dumpProgram(program));
  return 0;
}

int main(int argc, char **argv) { return tool::runMain(run, argc, argv); }
