// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a whole training step to one of its phases; the pass is described in SelectPhase.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_SELECTPHASE_SELECTPHASE_H
#define ARSIS_COMPILER_TRANSFORMS_SELECTPHASE_SELECTPHASE_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <string_view>

namespace arsis::compiler {

// What a training step is compiled to: one program, or one of two that share gradients.
enum class StepPhase { Joint, Gradients, Update };

// "joint", "gradients" or "update". Throws arsis::Error for anything else.
StepPhase parsePhase(std::string_view text);

// Keeps one phase of the step. REQUIRES: a body of one block.
mlir::LogicalResult selectPhase(mlir::func::FuncOp step, StepPhase phase);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/SelectPhase/SelectPhase.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_SELECTPHASE_SELECTPHASE_H
