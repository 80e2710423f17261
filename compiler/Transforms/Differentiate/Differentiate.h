// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reverse-mode differentiation of a step with a loss; the pass is described in Differentiate.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_DIFFERENTIATE_DIFFERENTIATE_H
#define ARSIS_COMPILER_TRANSFORMS_DIFFERENTIATE_DIFFERENTIATE_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

// Appends a result "grad:<name>" per parameter the loss depends on. `lossScale`, if not zero, is the initial
// value of the scale that the loss is multiplied by. REQUIRES: one result of role "loss", which is a scalar,
// and a body of one block.
mlir::LogicalResult differentiate(mlir::func::FuncOp step, double lossScale = 0);

// The argument that the loss, and with it every gradient, has been multiplied by; null if there is none.
mlir::FailureOr<mlir::Value> lossScaleOf(mlir::func::FuncOp step);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/Differentiate/Differentiate.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_DIFFERENTIATE_DIFFERENTIATE_H
