// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From gradients to updated parameters by stochastic gradient descent; the pass is described in
// AttachOptimizer.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_ATTACHOPTIMIZER_ATTACHOPTIMIZER_H
#define ARSIS_COMPILER_TRANSFORMS_ATTACHOPTIMIZER_ATTACHOPTIMIZER_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

struct SgdOptions {
  float learningRate = 0.01f; // value at launch; the host may change it between steps
  float momentum = 0.0f;
  float weightDecay = 0.0f;
};

// Replaces the gradient results by updated parameters and state. REQUIRES: a body of one block.
mlir::LogicalResult attachOptimizer(mlir::func::FuncOp step, const SgdOptions &options, bool keepGradients);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_ATTACHOPTIMIZER_ATTACHOPTIMIZER_H
