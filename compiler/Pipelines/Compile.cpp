// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading a model of any level, and running the pipeline on it.

#include "compiler/Pipelines/Compile.h"

#include "compiler/Pipelines/Pipeline.h"
#include "compiler/Pipelines/Register.h"
#include "compiler/Record/Record.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/NN/IR/Brought.h"
#include "dialects/NN/IR/Nesting.h"
#include "dialects/NN/IR/StepTypes.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace arsis::compiler {

std::unique_ptr<MLIRContext> makeContext(const DialectRegistry &more) {
  DialectRegistry registry;
  registerDialects(registry);
  nn::broughtDialects().appendTo(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->appendDialectRegistry(more);
  context->loadAllAvailableDialects();
  context->printOpOnDiagnostic(false); // a message names the layer; whole operations are too long to read
  return context;
}

OwningOpRef<ModuleOp> parseModule(MLIRContext &context, StringRef text, StringRef name) {
  if (std::string problem = nn::checkNesting(text); !problem.empty())
    return emitError(NameLoc::get(StringAttr::get(&context, name))) << problem, nullptr;
  ScopedDiagnosticHandler remedy(&context, [](Diagnostic &diagnostic) {
    if (StringRef(diagnostic.str()).starts_with("Dialect `"))
      diagnostic.attachNote(diagnostic.getLocation())
          << "a library that brings the dialect is named with " << optionName("load-plugin");
    return failure(); // others report it
  });
  return parseSourceString<ModuleOp>(text, &context, name);
}

static Location placeOf(MLIRContext &context, StringRef name) {
  return NameLoc::get(StringAttr::get(&context, name));
}

static OwningOpRef<ModuleOp> readModule(MLIRContext &context, const Model &model) {
  const ImportOptions &import = model.import;
  if (import.batch || !import.dims.empty() || !import.tie.empty() || !import.untie.empty() ||
      !import.freeze.empty() || import.randomWeights)
    return emitError(placeOf(context, model.name))
               << "found a batch, a dimension, " << optionName("tie") << ", " << optionName("untie") << ", "
               << optionName("freeze") << " or " << optionName("random-weights")
               << " for an nn module; expected them with "
                  "an ONNX model, whose sizes and parameters they choose",
           nullptr;
  return parseModule(context, readFile(model.name), model.name);
}

/// Writes into every function what it was made from, unless it knows already.
static LogicalResult rememberModel(ModuleOp module, const Model &model) {
  std::map<std::string, std::string> made = {{"model", model.name}};
  if (model.import.batch)
    made["batch"] = std::to_string(*model.import.batch);
  for (const auto &[name, extent] : model.import.dims)
    made["dim." + name] = std::to_string(extent);
  if (!model.import.tie.empty())
    made["tie"] = llvm::join(model.import.tie, ",");
  if (!model.import.untie.empty())
    made["untie"] = llvm::join(model.import.untie, ",");
  if (!model.import.freeze.empty())
    made["freeze"] = llvm::join(model.import.freeze, ",");
  if (model.import.randomWeights)
    made["random-weights"] = std::to_string(*model.import.randomWeights);
  for (auto function : module.getOps<func::FuncOp>()) {
    FailureOr<DictionaryAttr> options = optionsOf(function);
    if (failed(options) || (!option(*options, "model") && failed(setOptions(function, made))))
      return failure();
  }
  return success();
}

OwningOpRef<ModuleOp> importModel(MLIRContext &context, const Model &model, const CompileOptions &options) {
  const numerics::FloatEnvironment environment;
  ImportOptions import = model.import;
  import.training = options.train;
  checkImport(import);
  OwningOpRef<ModuleOp> module;
  if (model.bytes)
    module = importOnnxBytes(context, *model.bytes, model.name, import);
  else if (StringRef(model.name).ends_with(".mlir"))
    module = readModule(context, model);
  else
    module = importOnnx(context, model.name, import);
  if (!module || failed(rememberModel(*module, model)))
    return nullptr;
  return module;
}

static LogicalResult checkFunction(func::FuncOp function, const CompileOptions &options) {
  if (function.getName() == kTrainFunction &&
      (options.train || !options.keep.empty() || readTraining(options).hasPrecision()))
    return function.emitError() << "@" << kTrainFunction << " is a training step already, expected neither "
                                << optionSwitch("train") << ", " << optionName("keep") << ", "
                                << optionName("precision") << " nor " << optionName("store");
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitError() << "expects @" << function.getName() << " to have a body of one block";
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(nn::verifyTensor(function, type, "argument", number)))
      return failure();
  return success();
}

static LogicalResult checkProgram(Operation *program, const CompileOptions &options) {
  const Stage level = mlir::isa<isair::ProgramOp>(program) ? Stage::Isa : Stage::Tile;
  if (options.train || !options.keep.empty())
    return program->emitError() << program->getName() << " is lowered already, expected neither "
                                << optionSwitch("train") << " nor " << optionName("keep");
  if (parseStage(options.to.getValue(), "--to") < level)
    return program->emitError() << program->getName() << " lies below the level " << options.to.getValue()
                                << ", expected its own level or one below";
  return success();
}

/// The one function or program that the pipeline can go on from, or a report in the name of the file.
static Operation *findStep(ModuleOp module, Location place) {
  SmallVector<Operation *> steps;
  for (Operation &op : *module.getBody()) {
    if (!mlir::isa<func::FuncOp, tile::ProgramOp, isair::ProgramOp>(op))
      return emitError(place) << "holds " << op.getName()
                              << ", expected a function of nn, a tile.program or an isa.program",
             nullptr;
    steps.push_back(&op);
  }
  if (steps.size() != 1)
    return emitError(place) << "the module holds " << steps.size() << " functions and programs, expected one",
           nullptr;
  auto function = dyn_cast<func::FuncOp>(steps.front());
  if (function && function.getName() != kForwardFunction && function.getName() != kTrainFunction)
    return emitError(place) << "the module holds 1 functions, @" << function.getName() << ", expected one, @"
                            << kForwardFunction << " or @" << kTrainFunction,
           nullptr;
  return steps.front();
}

static FailureOr<DictionaryAttr> whatIsRemembered(Operation *step) {
  if (auto program = dyn_cast<isair::ProgramOp>(step))
    return program.getOptions();
  return optionsOf(step);
}

LogicalResult preparePasses(PassManager &passes, ModuleOp module, StringRef name, CompileOptions &options) {
  Operation *step = findStep(module, placeOf(*module.getContext(), name));
  if (!step)
    return failure();
  auto function = dyn_cast<func::FuncOp>(step);
  if (failed(function ? checkFunction(function, options) : checkProgram(step, options)))
    return failure();
  FailureOr<DictionaryAttr> remembered = whatIsRemembered(step);
  if (failed(remembered))
    return failure();
  if (std::optional<ChipOptions> chip = rememberedChip(*remembered);
      chip && options.chip.empty() && options.set.empty()) {
    options.chip = chip->chip;
    options.set = chip->set;
  }
  buildPipeline(passes, options);
  return success();
}

LogicalResult runPasses(ModuleOp module, StringRef name, CompileOptions &options) {
  const numerics::FloatEnvironment environment;
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  if (failed(preparePasses(passes, module, name, options)))
    return failure();
  return passes.run(module);
}

std::string moduleText(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, OpPrintingFlags().enableDebugInfo(/*enable=*/true, /*prettyForm=*/false));
  return text;
}

/// Calls `use` with the module at the level that `options` ask for, and turns diagnostics into an Error.
static void compileTo(const Model &model, CompileOptions &options, std::vector<Message> *messages,
                      llvm::function_ref<LogicalResult(ModuleOp)> use) {
  const numerics::FloatEnvironment environment;
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  OwningOpRef<ModuleOp> module = importModel(*context, model, options);
  if (!module) // what an importer reports is about the model, unless it says otherwise
    throw KindError(log.kind().value_or(ErrorKind::Model), StringRef(log.errors()).rtrim().str());
  if (failed(runPasses(*module, model.name, options)) || failed(use(*module)))
    throw KindError(log.kind().value_or(ErrorKind::Other), StringRef(log.errors()).rtrim().str());
  if (messages)
    *messages = log.messages();
}

isa::Program compileModel(const Model &model, CompileOptions &options, std::vector<Message> *messages) {
  isa::Program result;
  compileTo(model, options, messages, [&](ModuleOp module) {
    FailureOr<isa::Program> program = translateToProgram(module);
    if (succeeded(program))
      result = std::move(*program);
    return LogicalResult(program);
  });
  return result;
}

Schedules chooseSchedules(const Model &model, CompileOptions &options, std::vector<Message> *messages) {
  Schedules chosen;
  options.to = std::string("mapped");
  options.decisions = &chosen.decisions;
  compileTo(model, options, messages, [&](ModuleOp module) {
    chosen.json = schedulesToJson(module);
    return success();
  });
  options.decisions = nullptr;
  return chosen;
}

std::string stepText(const Model &model, CompileOptions &options, std::vector<Message> *messages) {
  std::string text;
  options.to = std::string("step");
  compileTo(model, options, messages, [&](ModuleOp module) {
    text = moduleText(module);
    return success();
  });
  return text;
}

ParameterReaders parameterReaders(const std::string &path, const ImportOptions &options) {
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  ImportOptions import = options;
  import.training = true; // which is when parameters are told from inputs
  FailureOr<ParameterReaders> readers = readersOfParameters(*context, path, import);
  if (failed(readers))
    throw KindError(log.kind().value_or(ErrorKind::Model), StringRef(log.errors()).rtrim().str());
  return std::move(*readers);
}

std::string inlinedOnnx(const std::string &path) {
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  FailureOr<std::string> model = inlinedModel(*context, path);
  if (failed(model))
    throw KindError(log.kind().value_or(ErrorKind::Model), StringRef(log.errors()).rtrim().str());
  return std::move(*model);
}

} // namespace arsis::compiler
