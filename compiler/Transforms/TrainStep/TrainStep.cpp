// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the training transformations.

#include "compiler/Transforms/TrainStep/TrainStep.h"

#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace arsis::compiler {

void addTrainStepPasses(OpPassManager &manager, const TrainOptions &options) {
  manager.addPass(createAttachLoss({options.loss, options.logits, /*replace=*/true}));
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createDifferentiate());
  const bool joint = parsePhase(options.phase) == StepPhase::Joint;
  functions.addPass(createAttachOptimizer({options.optimizer, options.keepGradients || !joint}));
  if (!joint)
    functions.addPass(createSelectPhase({options.phase}));
  if (options.keepActivations)
    functions.addPass(createKeepActivations({kTrainFunction.str()}));
  functions.addPass(createCanonicalizerPass());
}

void registerTrainingPasses() {
  registerAttachLossPass();
  registerDifferentiatePass();
  registerAttachOptimizerPass();
  registerKeepActivationsPass();
  registerJoinPhasesPass();
  registerSelectPhasePass();
}

} // namespace arsis::compiler
