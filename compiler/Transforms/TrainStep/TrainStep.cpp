// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the training transformations.

#include "compiler/Transforms/TrainStep/TrainStep.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

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
  if (failed(step) || failed(differentiate(*step)) ||
      failed(attachOptimizer(*step, options.optimizer, options.keepGradients)))
    return failure();
  if (options.keepActivations)
    keepActivations(*step);
  if (failed(simplify(*step)))
    return (*step).emitError() << "could not bring @" << kTrainFunction << " into canonical form";
  return step;
}

void registerTrainingPasses() {
  registerAttachLossPass();
  registerDifferentiatePass();
  registerAttachOptimizerPass();
  registerKeepActivationsPass();
}

} // namespace arsis::compiler
