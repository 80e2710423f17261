// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arsis-translate: between the isa dialect, the binary program and its assembly.
#include "tools/common/Main.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/IR/Isa.h"
#include "dialects/NN/IR/Nesting.h"
#include "tools/common/Options.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

#include <iostream>

using namespace arsis;
namespace options = boost::program_options;

/// The program of an isa module; diagnostics go to standard error, and the last of them is the error.
static std::optional<isa::Program> readModule(mlir::MLIRContext &context, const std::string &text,
                                              const std::string &name) {
  if (std::string deep = nn::checkNesting(text); !deep.empty())
    throw Error(name + ": " + deep);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(text, name), llvm::SMLoc());
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  if (!module)
    return std::nullopt;
  mlir::FailureOr<isa::Program> program = compiler::translateToProgram(*module);
  if (failed(program))
    return std::nullopt;
  isa::validateProgram(*program);
  return std::move(*program);
}

static int run(int argc, char **argv) {
  options::options_description described("usage: arsis-translate --FROM-to-TO [INPUT] [-o OUTPUT]\noptions");
  auto add = described.add_options();
  add("isa-to-binary", options::bool_switch(), "encode an isa.program");
  add("isa-to-asm", options::bool_switch(), "write an isa.program as assembly");
  add("binary-to-isa", options::bool_switch(), "decode a program");
  add("asm-to-isa", options::bool_switch(), "assemble a program");
  add("input", options::value<std::string>()->default_value("-"), "file to read ('-': standard input)");
  add("output,o", options::value<std::string>()->default_value("-"), "file to write ('-': standard output)");
  add("help,h", "this text");
  const options::variables_map given =
      tool::parseOptions(argc, argv, described, options::positional_options_description().add("input", 1));
  if (given.count("help")) {
    std::cout << described;
    return 0;
  }
  const auto asked = [&](const char *name) { return given[name].as<bool>(); };
  if (asked("isa-to-binary") + asked("isa-to-asm") + asked("binary-to-isa") + asked("asm-to-isa") != 1)
    throw Error("expected one of --isa-to-binary, --isa-to-asm, --binary-to-isa and --asm-to-isa");
  const std::string input = given["input"].as<std::string>(), output = given["output"].as<std::string>();
  refuseSharedFiles({{"the input", input}}, {{"--output", output}});
  tool::nowDoing("reading " + input);
  const std::string text = readFile(input == "-" ? "/dev/stdin" : input);
  // Files of initial values lie beside the input, and are named from the output.
  const auto renameFiles = [&](isa::Program &program) {
    program.folder = isa::folderOf(input);
    isa::nameFilesFrom(program, isa::folderOf(output));
  };

  mlir::DialectRegistry registry;
  registry.insert<isair::IsaDialect>();
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  if (asked("isa-to-binary") || asked("isa-to-asm")) {
    std::optional<isa::Program> program = readModule(context, text, input);
    if (!program)
      return 1;
    renameFiles(*program);
    if (asked("isa-to-binary"))
      isa::writeProgramFile(output, *program);
    else
      writeFile(output, isa::disassemble(*program));
    return 0;
  }
  isa::Program program =
      asked("asm-to-isa") ? isa::assemble(text, input)
                          : isa::decodeProgram(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  isa::validateProgram(program);
  renameFiles(program);
  auto module = compiler::translateFromProgram(context, program);
  if (!module)
    return 1;
  std::string printed;
  llvm::raw_string_ostream stream(printed);
  module->print(stream, mlir::OpPrintingFlags().enableDebugInfo(true, false));
  writeFile(output, printed + "\n");
  return 0;
}

int main(int argc, char **argv) { return tool::runMain(run, argc, argv); }
