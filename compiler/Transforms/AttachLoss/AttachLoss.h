// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the forward function to a step that also computes the loss; the pass is described in AttachLoss.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_ATTACHLOSS_H
#define ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_ATTACHLOSS_H

#include "compiler/Transforms/AttachLoss/LossText.h"
#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

inline constexpr llvm::StringLiteral kForwardFunction = "forward";
inline constexpr llvm::StringLiteral kTrainFunction = "train_step";

// Clones @forward into @train_step with labels or targets, and the loss (parseLoss). Throws what parseLoss
// does.
mlir::FailureOr<mlir::func::FuncOp> attachLoss(mlir::ModuleOp module, llvm::StringRef loss,
                                               llvm::StringRef logits);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/AttachLoss/AttachLoss.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_ATTACHLOSS_ATTACHLOSS_H
