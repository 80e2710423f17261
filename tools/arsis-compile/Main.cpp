// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-compile: a model (.onnx, or an nn module as .mlir) and a chip become a program, or any of the levels
// on the way. Exits with 1 after an error, which it prints as `error: ...`.

#include "tools/common/Main.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "tools/common/Options.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_os_ostream.h"

#include <iostream>

namespace options = boost::program_options;
using namespace arsis;
using namespace arsis::compiler;

namespace {

struct Arguments {
  std::string model, chip, mappingFile, output, weights; // no weights: the program keeps them
  std::vector<std::string> overrides;
  Stage stage = Stage::Binary;
  CompileOptions compile;
  bool verify = true;
};

options::options_description describeOptions() {
  options::options_description described("usage: arsis-compile MODEL.onnx|MODEL.mlir [options]\noptions");
  auto add = described.add_options();
  const auto text = [] { return options::value<std::string>(); };
  add("model", text(), "an ONNX model, or an nn module as text");
  add("chip", text()->default_value("edge"), "shipped chip or path of a chip's YAML file");
  add("set", options::value<std::vector<std::string>>()->composing(),
      "KEY=VALUE: override a value of the chip");
  add("batch", text(), "images per step; first dimension of the inputs, also where the file fixes another");
  add("dim", options::value<std::vector<std::string>>()->composing(),
      "NAME=VALUE: binds a symbolic dimension");
  add("train", options::bool_switch(), "compile a training step instead of the forward pass");
  add("loss", text(), "loss of the training step: softmax-xent");
  add("logits", text(), "output that the loss reads, where there are several");
  add("tie", options::value<std::vector<std::string>>()->composing(),
      "PATTERN: constants that stay one parameter of all nodes that read them");
  add("untie", options::value<std::vector<std::string>>()->composing(),
      "PATTERN: constants that are a parameter of each node that reads them");
  add("optimizer", text(), "sgd,lr=..,momentum=..,weight-decay=..");
  add("keep", text(), "what stays observable: gradients, activations (comma separated)");
  add("mapping", text(), "JSON file with mapping decisions that hold");
  add("explain-mapping", options::bool_switch(), "say for each operation what was chosen and why");
  add("no-verify", options::bool_switch(), "write the program unverified; who runs it then verifies it");
  add("emit", text()->default_value("bin"), "level to write: nn, step, mapped, tile, isa, asm, bin");
  add("weights", text(),
      "file (.safetensors) that takes the initial values; the program names it, with its hash");
  add("output,o", text()->default_value("-"), "output file ('-': standard output)");
  add("help,h", "this text");
  return described;
}

CompileOptions readOptions(const options::variables_map &given) {
  CompileOptions compile;
  if (given.count("batch"))
    compile.import.batch =
        static_cast<int64_t>(tool::wholeNumber(given["batch"].as<std::string>(), "--batch", 1, INT64_MAX));
  if (given.count("dim"))
    for (const std::string &text : given["dim"].as<std::vector<std::string>>())
      parseDimension(text, compile);
  compile.import.training = given["train"].as<bool>();
  if (given.count("tie"))
    compile.import.tie = given["tie"].as<std::vector<std::string>>();
  if (given.count("untie"))
    compile.import.untie = given["untie"].as<std::vector<std::string>>();
  if (!compile.import.training && (given.count("optimizer") || given.count("loss")))
    throw Error("--optimizer and --loss describe a training step; expected --train with them");
  if (given.count("logits"))
    compile.logits = given["logits"].as<std::string>();
  if (given.count("loss"))
    parseLoss(given["loss"].as<std::string>(), compile);
  if (given.count("optimizer"))
    compile.optimizer = parseOptimizer(given["optimizer"].as<std::string>());
  if (given.count("keep"))
    parseKeep(given["keep"].as<std::string>(), compile);
  checkOptions(compile);
  compile.explainMapping = given["explain-mapping"].as<bool>();
  if (given.count("mapping"))
    compile.mapping = readFile(given["mapping"].as<std::string>());
  return compile;
}

/// Nothing if help was asked for.
std::optional<Arguments> parse(int argc, char **argv) {
  const options::options_description described = describeOptions();
  const options::variables_map given =
      tool::parseOptions(argc, argv, described, options::positional_options_description().add("model", 1));
  if (given.count("help")) {
    std::cout << described;
    return std::nullopt;
  }
  Arguments a;
  a.model = tool::required(given, "model");
  a.chip = given["chip"].as<std::string>();
  if (given.count("set"))
    a.overrides = given["set"].as<std::vector<std::string>>();
  a.verify = !given["no-verify"].as<bool>();
  a.output = given["output"].as<std::string>();
  a.stage = parseStage(given["emit"].as<std::string>());
  if (a.stage == Stage::Binary && a.output == "-")
    throw Error("a program is binary; name its file with -o FILE, or choose a text with --emit");
  a.compile = readOptions(given);
  if (given.count("mapping"))
    a.mappingFile = given["mapping"].as<std::string>();
  if (given.count("weights"))
    a.weights = given["weights"].as<std::string>();
  if (given.count("weights") && (a.weights.empty() || a.weights == "-"))
    throw Error("--weights: found '" + a.weights + "', expected the name of a file");
  if (given.count("weights") && a.stage != Stage::Binary && a.stage != Stage::Assembly)
    throw Error("--weights: found --emit " + given["emit"].as<std::string>() +
                ", expected bin or asm, which name a file of initial values");
  refuseSharedFiles({{"the model", a.model}, {"--chip", a.chip}, {"--mapping", a.mappingFile}},
                    {{"--output", a.output}, {"--weights", a.weights}});
  return a;
}

void writeText(mlir::ModuleOp module, std::ostream &out) {
  llvm::raw_os_ostream stream(out);
  module.print(stream, mlir::OpPrintingFlags().enableDebugInfo(true, false));
}

/// Writes the level asked for. Returns failure after a diagnostic.
mlir::LogicalResult compile(mlir::MLIRContext &context, const Arguments &a, std::ostream &out) {
  const CompileOptions &options = a.compile;
  tool::nowDoing("reading " + a.model);
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(context, a.model, options);
  if (!module)
    return mlir::failure();
  tool::nowDoing("compiling " + a.model);
  if (a.stage == Stage::NN)
    return writeText(*module, out), mlir::success();
  if (failed(buildStep(*module, options)))
    return mlir::failure();
  if (a.stage == Stage::Step)
    return writeText(*module, out), mlir::success();
  const chip::Chip chip = tool::readChip(a.chip, a.overrides);
  if (failed(mapStep(*module, chip, options)))
    return mlir::failure();
  if (a.stage == Stage::Mapped)
    return writeText(*module, out), mlir::success();
  std::string mapped = moduleText(*module, /*withInitialValues=*/false);
  if (failed(lowerToTile(*module, chip)))
    return mlir::failure();
  if (a.stage == Stage::Tile)
    return writeText(*module, out), mlir::success();
  if (failed(lowerToIsa(*module, chip)))
    return mlir::failure();
  mlir::FailureOr<isa::Program> program = makeProgram(*module, chip, options, a.model, mapped);
  if (failed(program))
    return mlir::failure();
  if (a.stage == Stage::Isa)
    return writeText(*module, out), mlir::success();
  if (a.verify && a.stage == Stage::Binary)
    proveProgram(*program, chip);
  if (!a.weights.empty())
    isa::moveInitialsToFile(*program, a.weights, isa::folderOf(a.output));
  if (a.stage == Stage::Assembly)
    return out << isa::disassemble(*program), mlir::success();
  const std::vector<uint8_t> bytes = isa::encodeProgram(*program);
  out.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return mlir::success();
}

int run(int argc, char **argv) {
  const std::optional<Arguments> arguments = parse(argc, argv);
  if (!arguments)
    return 0;
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  try {
    OutputFile file(arguments->output);
    const mlir::LogicalResult result = compile(*context, *arguments, file.stream());
    if (succeeded(result))
      file.commit();
    std::cerr << log.text();
    return succeeded(result) ? 0 : 1;
  } catch (...) {
    std::cerr << log.text();
    throw;
  }
}

} // namespace

int main(int argc, char **argv) {
  // What LLVM gives up on is an error too.
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { std::_Exit(tool::reportOutOfMemory()); });
  llvm::install_fatal_error_handler(
      [](void *, const char *reason, bool) { std::_Exit(tool::reportError(reason)); });
  return tool::runMain(run, argc, argv);
}
