// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From gradients to updated parameters by stochastic gradient descent; the pass is described in
// AttachOptimizer.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_ATTACHOPTIMIZER_ATTACHOPTIMIZER_H
#define ARSIS_COMPILER_TRANSFORMS_ATTACHOPTIMIZER_ATTACHOPTIMIZER_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <string_view>

namespace arsis::compiler {

// The numbers of stochastic gradient descent. They are used as fp32.
struct SgdOptions {
  double learningRate = 0.01; // value at launch; the host may change it between steps
  double momentum = 0;        // the velocity's decay per step
  double weightDecay = 0;     // this times the parameter is added to its gradient
};

// "sgd,lr=0.02,momentum=0.9,weight-decay=0.0005"; every value may be left out. Throws arsis::Error that says
// what was found and what is expected.
SgdOptions parseOptimizer(std::string_view text);

// Replaces the gradient results by updated parameters and state. REQUIRES: a body of one block.
mlir::LogicalResult attachOptimizer(mlir::func::FuncOp step, const SgdOptions &options, bool keepGradients);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_ATTACHOPTIMIZER_ATTACHOPTIMIZER_H
