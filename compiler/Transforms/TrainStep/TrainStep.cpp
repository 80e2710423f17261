// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the training transformations.

#include "compiler/Transforms/TrainStep/TrainStep.h"

#include "compiler/Transforms/TrainStep/Signature.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace arsis::compiler {

static LogicalResult simplify(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  for (RegisteredOperationName name : function.getContext()->getRegisteredOperations())
    if (name.getDialectNamespace() == nn::NNDialect::getDialectNamespace())
      name.getCanonicalizationPatterns(patterns, function.getContext());
  return applyPatternsGreedily(function, std::move(patterns));
}

FailureOr<func::FuncOp> buildTrainStep(ModuleOp module, const TrainOptions &options) {
  FailureOr<func::FuncOp> step = attachLoss(module, options.loss, options.logits);
  if (failed(step) || failed(differentiate(*step)))
    return failure();
  if (resultsWithRole(*step, "gradient").empty())
    return (*step).emitError() << "expects a parameter that the loss depends on, found none to train";
  if (failed(attachOptimizer(*step, options.optimizer, options.keepGradients)))
    return failure();
  if (options.keepActivations)
    keepActivations(*step);
  if (failed(simplify(*step)))
    return (*step).emitError() << "could not bring @" << kTrainFunction << " into canonical form";
  return step;
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<std::string> loss{*this, "loss", llvm::cl::desc("the loss"), llvm::cl::init("softmax-xent")};
  Option<std::string> logits{*this, "logits", llvm::cl::desc("name of the output that the loss reads"),
                             llvm::cl::init("")};
  Option<float> learningRate{*this, "learning-rate", llvm::cl::desc("the learning rate at launch"),
                             llvm::cl::init(0.01f)};
  Option<float> momentum{*this, "momentum", llvm::cl::desc("the velocity's decay per step"),
                         llvm::cl::init(0.0f)};
  Option<float> weightDecay{*this, "weight-decay", llvm::cl::desc("weight of the parameter in its gradient"),
                            llvm::cl::init(0.0f)};
  Option<bool> keepGradients{*this, "keep-gradients", llvm::cl::desc("return the gradients"),
                             llvm::cl::init(false)};
  Option<bool> keepActivations{*this, "keep-activations", llvm::cl::desc("return what every layer computes"),
                               llvm::cl::init(false)};
};
} // namespace

// The same order as buildTrainStep, for the command line.
static void addTrainStepPasses(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createAttachLoss({options.loss, options.logits}));
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createDifferentiate());
  functions.addPass(createAttachOptimizer(
      {options.learningRate, options.momentum, options.weightDecay, options.keepGradients}));
  if (options.keepActivations)
    functions.addPass(createKeepActivations({kTrainFunction.str()}));
  functions.addPass(createCanonicalizerPass());
}

void registerTrainingPasses() {
  registerAttachLossPass();
  registerDifferentiatePass();
  registerAttachOptimizerPass();
  registerKeepActivationsPass();
  PassPipelineRegistration<PipelineOptions>("nn-train-step", "add a training step beside @forward",
                                            addTrainStepPasses);
}

} // namespace arsis::compiler
