// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the training transformations.

#include "compiler/Transforms/TrainStep/TrainStep.h"

#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace arsis::compiler {

/// Gradients down to 2^-34 do not vanish in fp16, whose smallest number is 2^-24, and up to 63 do not
/// overflow. A host that wants another one sets `loss_scale`.
static constexpr double kLossScale = 1024;

void addTrainStepPasses(OpPassManager &manager, const TrainOptions &options) {
  manager.addPass(createAttachLoss({options.loss, options.logits, /*replace=*/true}));
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createDifferentiate({options.storesFp16() ? kLossScale : 0}));
  if (options.hasPrecision())
    functions.addPass(createSetPrecision({options.precision, {options.store.begin(), options.store.end()}}));
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
  registerSetPrecisionPass();
  registerJoinPhasesPass();
  registerSelectPhasePass();
}

} // namespace arsis::compiler
