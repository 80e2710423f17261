// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module with @forward to one with @train_step: loss, gradients, precision, optimizer, observable
// tensors, in that order.

#ifndef ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_TRAINSTEP_H
#define ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_TRAINSTEP_H

#include "compiler/Transforms/AttachLoss/AttachLoss.h"
#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h"
#include "compiler/Transforms/Differentiate/Differentiate.h"
#include "compiler/Transforms/JoinPhases/JoinPhases.h"
#include "compiler/Transforms/KeepActivations/KeepActivations.h"
#include "compiler/Transforms/Precision/Precision.h"
#include "compiler/Transforms/SelectPhase/SelectPhase.h"

#include "mlir/Pass/PassManager.h"

#include <string>
#include <vector>

namespace arsis::compiler {

// Options of the passes, as the passes name them.
struct TrainOptions {
  std::string loss{kDefaultLoss};
  std::string logits; // name of the output that a loss of one term reads; empty: the only one
  std::string optimizer = "sgd";
  std::string phase = "joint";
  bool keepGradients = false;
  bool keepActivations = false;
  std::string precision = "fp32";
  std::vector<std::string> store; // LAYER=TYPE

  bool storesFp16() const { // anywhere
    return precision == "fp16" ||
           llvm::any_of(store, [](llvm::StringRef pin) { return pin.ends_with("=fp16"); });
  }
  bool hasPrecision() const { return precision != "fp32" || !store.empty(); }
};

// Adds the passes that put @train_step in the place of @forward, to a pass manager on modules.
void addTrainStepPasses(mlir::OpPassManager &manager, const TrainOptions &options);

// Registers the passes of training.
void registerTrainingPasses();

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_TRAINSTEP_H
