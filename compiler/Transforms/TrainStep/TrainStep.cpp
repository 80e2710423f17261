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
  functions.addPass(createAttachOptimizer({options.optimizer, options.keepGradients}));
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
}

} // namespace arsis::compiler
