// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module with @forward to one with @train_step: loss, gradients, optimizer, observable tensors, in
// that order.

#ifndef ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_TRAINSTEP_H
#define ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_TRAINSTEP_H

#include "compiler/Transforms/AttachLoss/AttachLoss.h"
#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h"
#include "compiler/Transforms/Differentiate/Differentiate.h"
#include "compiler/Transforms/KeepActivations/KeepActivations.h"

#include <string>

namespace arsis::compiler {

struct TrainOptions {
  std::string loss = "softmax-xent";
  std::string logits; // name of the output the loss reads; empty: the only one
  SgdOptions optimizer;
  bool keepGradients = false;
  bool keepActivations = false;
};

// Adds @train_step beside @forward and simplifies it. Reports through diagnostics.
mlir::FailureOr<mlir::func::FuncOp> buildTrainStep(mlir::ModuleOp module, const TrainOptions &options);

// Registers the passes of training.
void registerTrainingPasses();

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_TRAINSTEP_TRAINSTEP_H
