// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The end of the point where gradients and updates meet; the pass is described in JoinPhases.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_JOINPHASES_JOINPHASES_H
#define ARSIS_COMPILER_TRANSFORMS_JOINPHASES_JOINPHASES_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

// Takes all boundaries between phases out of the step; moves updates to their gradients where nothing sits
// between. REQUIRES: a body of one block.
void joinPhases(mlir::func::FuncOp step);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/JoinPhases/JoinPhases.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_JOINPHASES_JOINPHASES_H
