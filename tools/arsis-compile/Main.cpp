// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-compile: a model (.onnx, or an nn module as .mlir) and a chip become a program, or any of the levels
// on the way. Exits with 1 after an error, which it prints as `error: ...`.

#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "dialects/Isa/Encoding/Error.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

namespace cl = llvm::cl;
using namespace arsis;
using namespace arsis::compiler;

static cl::OptionCategory category("arsis-compile options");
static cl::opt<std::string> model(cl::Positional, cl::desc("MODEL.onnx or MODEL.mlir"), cl::Required,
                                  cl::cat(category));
static cl::opt<std::string> chipName("chip", cl::desc("Shipped chip or path of a chip's YAML file"),
                                     cl::init("edge"), cl::cat(category));
static cl::opt<int64_t> batch("batch", cl::desc("Images per step; binds the first dimension of every input"),
                              cl::cat(category));
static cl::list<std::string> dims("dim", cl::desc("Binds a symbolic dimension"), cl::value_desc("NAME=VALUE"),
                                  cl::cat(category));
static cl::opt<bool> train("train", cl::desc("Compile a training step instead of the forward pass"),
                           cl::cat(category));
static cl::opt<std::string> loss("loss", cl::desc("Loss of the training step: softmax-xent"),
                                 cl::init("softmax-xent"), cl::cat(category));
static cl::opt<std::string> optimizer("optimizer", cl::desc("sgd,lr=..,momentum=..,weight-decay=.."),
                                      cl::init("sgd"), cl::cat(category));
static cl::opt<std::string> keep("keep",
                                 cl::desc("What stays observable: gradients, activations (comma separated)"),
                                 cl::cat(category));
static cl::opt<std::string> mappingFile("mapping", cl::desc("JSON file with mapping decisions that hold"),
                                        cl::value_desc("FILE"), cl::cat(category));
static cl::opt<bool> explainMapping("explain-mapping",
                                    cl::desc("Say for each operation what was chosen and why"),
                                    cl::cat(category));
static cl::opt<std::string> emitStage("emit",
                                      cl::desc("Level to write: nn, step, mapped, tile, isa, asm, bin"),
                                      cl::init("bin"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Output file ('-': standard output)"), cl::init("-"),
                                   cl::cat(category));

static CompileOptions readOptions() {
  CompileOptions options;
  if (batch.getNumOccurrences()) {
    if (batch < 1)
      throw Error("--batch: found " + std::to_string(batch) + ", expected a positive number");
    options.import.batch = batch;
  }
  for (const std::string &dim : dims)
    options.import.dims.insert(parseDimension(dim));
  options.import.training = train;
  if (!train && (optimizer.getNumOccurrences() || loss.getNumOccurrences()))
    throw Error("--optimizer and --loss describe a training step; expected --train with them");
  parseLoss(loss, options);
  options.optimizer = parseOptimizer(optimizer);
  parseKeep(keep, options);
  options.explainMapping = explainMapping;
  if (!mappingFile.empty()) {
    auto buffer = llvm::MemoryBuffer::getFile(mappingFile);
    if (!buffer)
      throw Error(mappingFile + ": cannot read the file: " + buffer.getError().message());
    options.mapping = (*buffer)->getBuffer().str();
  }
  return options;
}

static void writeText(mlir::ModuleOp module) {
  std::error_code code;
  llvm::ToolOutputFile file(output, code, llvm::sys::fs::OF_Text);
  if (code)
    throw Error(output + ": cannot write the file: " + code.message());
  module.print(file.os(), mlir::OpPrintingFlags().enableDebugInfo(true, false));
  file.keep();
}

static void writeAssembly(const isa::Program &program) {
  std::error_code code;
  llvm::ToolOutputFile file(output, code, llvm::sys::fs::OF_Text);
  if (code)
    throw Error(output + ": cannot write the file: " + code.message());
  file.os() << isa::disassemble(program);
  file.keep();
}

/// Returns failure after a diagnostic.
static mlir::LogicalResult run(mlir::MLIRContext &context, const CompileOptions &options, Stage stage) {
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(context, model, options);
  if (!module)
    return mlir::failure();
  if (stage == Stage::NN)
    return writeText(*module), mlir::success();
  if (failed(buildStep(*module, options)))
    return mlir::failure();
  if (stage == Stage::Step)
    return writeText(*module), mlir::success();
  chip::Chip chip = chip::Chip::load(chipName);
  if (failed(mapStep(*module, chip, options)))
    return mlir::failure();
  if (stage == Stage::Mapped)
    return writeText(*module), mlir::success();
  std::string mapped = moduleText(*module, /*withInitialValues=*/false);
  if (failed(lowerToTile(*module, chip)))
    return mlir::failure();
  if (stage == Stage::Tile)
    return writeText(*module), mlir::success();
  if (failed(lowerToIsa(*module, chip)))
    return mlir::failure();
  if (stage == Stage::Isa)
    return writeText(*module), mlir::success();
  mlir::FailureOr<isa::Program> program = makeProgram(*module, chip, options, model, mapped);
  if (failed(program))
    return mlir::failure();
  if (stage == Stage::Assembly)
    return writeAssembly(*program), mlir::success();
  isa::writeProgramFile(output, *program);
  return mlir::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "compiles a model's forward pass or training step for a chip\n");
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  try {
    CompileOptions options = readOptions();
    Stage stage = parseStage(emitStage);
    if (stage == Stage::Binary && output == "-")
      throw Error("a program is binary; name its file with -o FILE, or choose a text with --emit");
    mlir::LogicalResult result = run(*context, options, stage);
    llvm::errs() << log.text();
    return mlir::succeeded(result) ? 0 : 1;
  } catch (const Error &error) {
    llvm::errs() << log.text() << "error: " << error.what() << '\n';
    return 1;
  }
}
