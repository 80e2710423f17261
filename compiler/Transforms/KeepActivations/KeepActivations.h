// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes what the layers compute observable; the pass is described in KeepActivations.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_KEEPACTIVATIONS_KEEPACTIVATIONS_H
#define ARSIS_COMPILER_TRANSFORMS_KEEPACTIVATIONS_KEEPACTIVATIONS_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

// Appends a result "act:<layer>" per layer of the forward phase. What no tensor of a program can hold is left
// out and named in nn.not_observable. REQUIRES: a body of one block.
mlir::LogicalResult keepActivations(mlir::func::FuncOp function);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/KeepActivations/KeepActivations.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_KEEPACTIVATIONS_KEEPACTIVATIONS_H
