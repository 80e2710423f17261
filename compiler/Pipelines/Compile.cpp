// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages of a compilation in order.

#include "compiler/Pipelines/Compile.h"

#include "compiler/Conversion/NNToTile/NNToTile.h"
#include "compiler/Pipelines/Register.h"
#include "compiler/Target/Translate.h"
#include "compiler/Transforms/AttachLoss/AttachLoss.h"
#include "compiler/Transforms/Map/Map.h"
#include "compiler/Transforms/TrainStep/TrainStep.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/Isa/Verifier/Record.h"

#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/IR/Isa.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Nesting.h"
#include "dialects/NN/IR/StepTypes.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <charconv>

using namespace mlir;

namespace arsis::compiler {

std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registerDialects(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  context->printOpOnDiagnostic(false); // a message names the layer; whole operations are too long to read
  return context;
}

/// Reports in the name of the file what is no step that the pipeline can take from here.
static LogicalResult checkLevel(ModuleOp module, Location file) {
  for (Operation &op : *module.getBody())
    if (!mlir::isa<func::FuncOp>(op))
      return emitError(file)
             << "holds " << op.getName()
             << ", expected an nn module; lower levels go through arsis-opt and arsis-translate";
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  if (functions.size() != 1 ||
      (functions.front().getName() != kForwardFunction && functions.front().getName() != kTrainFunction))
    return emitError(file) << "the module holds " << functions.size() << " functions"
                           << (functions.size() == 1 ? ", @" + functions.front().getName().str() : "")
                           << ", expected one, @" << kForwardFunction << " or @" << kTrainFunction;
  for (auto [number, type] : llvm::enumerate(functions.front().getArgumentTypes()))
    if (failed(nn::verifyTensor(functions.front(), type, "argument", number)))
      return failure();
  return success();
}

OwningOpRef<ModuleOp> parseModule(MLIRContext &context, StringRef text, StringRef name) {
  if (std::string problem = nn::checkNesting(text); !problem.empty())
    return emitError(NameLoc::get(StringAttr::get(&context, name))) << problem, nullptr;
  return parseSourceString<ModuleOp>(text, &context, name);
}

static OwningOpRef<ModuleOp> readModule(MLIRContext &context, StringRef path, const CompileOptions &options) {
  Location file = NameLoc::get(StringAttr::get(&context, path));
  const ImportOptions &import = options.import;
  if (import.batch || !import.dims.empty() || !import.tie.empty() || !import.untie.empty())
    return emitError(file)
               << "found a batch, a dimension, --tie or --untie for an nn module; expected them with "
                  "an ONNX model, whose sizes and parameters they choose",
           nullptr;
  auto module = parseModule(context, readFile(path.str()), path);
  if (!module || failed(checkLevel(*module, file)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> importModel(MLIRContext &context, StringRef path, const CompileOptions &options) {
  const numerics::FloatEnvironment environment;
  if (path.ends_with(".mlir"))
    return readModule(context, path, options);
  return importOnnx(context, path, options.import);
}

LogicalResult buildStep(ModuleOp module, const CompileOptions &options) {
  const numerics::FloatEnvironment environment;
  if (auto step = module.lookupSymbol<func::FuncOp>(kTrainFunction)) {
    if (options.import.training || options.keepGradients || options.keepActivations)
      return step.emitError() << "@" << kTrainFunction
                              << " is a training step already, expected neither --train nor --keep";
    return success();
  }
  auto forward = module.lookupSymbol<func::FuncOp>(kForwardFunction);
  if (!forward)
    return module.emitError() << "the module has no function @" << kForwardFunction;
  if (forward.isExternal() || !forward.getBody().hasOneBlock())
    return forward.emitError() << "expects @" << kForwardFunction << " to have a body of one block";
  if (!options.import.training) {
    if (options.keepActivations)
      keepActivations(forward);
    return success();
  }
  TrainOptions training;
  training.loss = options.loss;
  training.logits = options.logits;
  training.optimizer = {static_cast<float>(options.optimizer.learningRate),
                        static_cast<float>(options.optimizer.momentum),
                        static_cast<float>(options.optimizer.weightDecay)};
  training.keepGradients = options.keepGradients;
  training.keepActivations = options.keepActivations;
  if (failed(buildTrainStep(module, training)))
    return failure();
  forward.erase();
  return success();
}

std::string moduleText(ModuleOp module, bool withInitialValues) {
  OwningOpRef<ModuleOp> copy = module.clone();
  if (!withInitialValues)
    for (auto function : copy->getOps<func::FuncOp>())
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        if (auto initial = function.getArgAttrOfType<DenseElementsAttr>(i, nn::kInitial))
          if (!initial.isSplat())
            function.removeArgAttr(i, nn::kInitial);
  std::string text;
  llvm::raw_string_ostream stream(text);
  copy->print(stream, OpPrintingFlags().enableDebugInfo(/*enable=*/true, /*prettyForm=*/false));
  return text;
}

LogicalResult mapStep(ModuleOp module, const chip::Chip &chip, const CompileOptions &options) {
  const numerics::FloatEnvironment environment;
  PassManager passes(module.getContext());
  passes.addPass(createMapPass(chip, options.mapping, options.explainMapping));
  return passes.run(module);
}

LogicalResult lowerToTile(ModuleOp module, const chip::Chip &chip) {
  const numerics::FloatEnvironment environment;
  PassManager passes(module.getContext());
  passes.addPass(createConvertNNToTilePass(chip));
  return passes.run(module);
}

LogicalResult lowerToIsa(ModuleOp module, const chip::Chip &chip) {
  const numerics::FloatEnvironment environment;
  PassManager passes(module.getContext());
  addTileToIsaPasses(passes, chip);
  return passes.run(module);
}

/// The fewest digits that read back as the same number.
static std::string shortest(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// What a reader of the program needs to know of how it was made.
static std::map<std::string, std::string> describeOptions(const CompileOptions &options,
                                                          const std::string &model, StringRef function) {
  std::map<std::string, std::string> text;
  text["model"] = model;
  text["mode"] = function == kTrainFunction ? "train" : "forward";
  if (options.import.batch)
    text["batch"] = std::to_string(*options.import.batch);
  for (const auto &[name, extent] : options.import.dims)
    text["dim." + name] = std::to_string(extent);
  if (!options.import.tie.empty())
    text["tie"] = llvm::join(options.import.tie, ",");
  if (!options.import.untie.empty())
    text["untie"] = llvm::join(options.import.untie, ",");
  if (options.import.training) {
    text["loss"] = options.loss;
    if (!options.logits.empty())
      text["logits"] = options.logits;
    text["optimizer"] = "sgd";
    text["optimizer.learning_rate"] = shortest(options.optimizer.learningRate);
    text["optimizer.momentum"] = shortest(options.optimizer.momentum);
    text["optimizer.weight_decay"] = shortest(options.optimizer.weightDecay);
  }
  std::string keep = options.keepGradients ? "gradients" : "";
  if (options.keepActivations)
    keep += keep.empty() ? "activations" : ",activations";
  text["keep"] = keep;
  return text;
}

FailureOr<isa::Program> makeProgram(ModuleOp module, const chip::Chip &chip, const CompileOptions &options,
                                    const std::string &model, const std::string &mappedModule) {
  auto programs = module.getOps<isair::ProgramOp>();
  StringRef function = programs.empty() ? "" : (*programs.begin()).getSymName();
  return translateToProgram(module, chip, describeOptions(options, model, function), mappedModule);
}

void proveProgram(isa::Program &program, const chip::Chip &chip) {
  isa::VerificationResult result = isa::verify(program, chip.withoutReads());
  if (!result.accepted && result.diagnostics.front().kind == isa::Diagnostic::Chip)
    throw Error(result.diagnostics.front().message);
  if (!result.accepted)
    throw Error("a mistake of the compiler: " + isa::summarise(result, chip));
  isa::recordVerdict(program, result);
}

/// `import` reads the model into the context; `model` names it.
static isa::Program compileWith(llvm::function_ref<OwningOpRef<ModuleOp>(MLIRContext &)> import,
                                const std::string &model, const chip::Chip &chip,
                                const CompileOptions &options, std::vector<Message> *messages) {
  const numerics::FloatEnvironment environment;
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  auto check = [&](LogicalResult result) {
    if (failed(result))
      throw Error(StringRef(log.errors()).rtrim().str());
  };
  OwningOpRef<ModuleOp> module = import(*context);
  check(success(static_cast<bool>(module)));
  check(buildStep(*module, options));
  check(mapStep(*module, chip, options));
  std::string mapped = moduleText(*module, /*withInitialValues=*/false);
  check(lowerToTile(*module, chip));
  check(lowerToIsa(*module, chip));
  FailureOr<isa::Program> program = makeProgram(*module, chip, options, model, mapped);
  check(program);
  proveProgram(*program, chip);
  if (messages)
    *messages = log.messages();
  return std::move(*program);
}

isa::Program compileFile(const std::string &path, const chip::Chip &chip, const CompileOptions &options,
                         std::vector<Message> *messages) {
  auto import = [&](MLIRContext &context) { return importModel(context, path, options); };
  return compileWith(import, path, chip, options, messages);
}

isa::Program compileBytes(const std::string &bytes, const std::string &name, const chip::Chip &chip,
                          const CompileOptions &options, std::vector<Message> *messages) {
  auto import = [&](MLIRContext &context) { return importOnnxBytes(context, bytes, name, options.import); };
  return compileWith(import, name, chip, options, messages);
}

std::string stepText(const std::string &path, const CompileOptions &options, std::vector<Message> *messages) {
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  OwningOpRef<ModuleOp> module = importModel(*context, path, options);
  if (!module || failed(buildStep(*module, options)))
    throw Error(StringRef(log.errors()).rtrim().str());
  if (messages)
    *messages = log.messages();
  return moduleText(*module, /*withInitialValues=*/true);
}

ParameterReaders parameterReaders(const std::string &path, const CompileOptions &options) {
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticLog log(*context);
  FailureOr<ParameterReaders> readers = readersOfParameters(*context, path, options.import);
  if (failed(readers))
    throw Error(StringRef(log.errors()).rtrim().str());
  return std::move(*readers);
}

} // namespace arsis::compiler
