// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-join-phases: the end of the named point between gradients and updates.

#ifndef ARSIS_COMPILER_JOIN_PHASES
#define ARSIS_COMPILER_JOIN_PHASES

include "mlir/Pass/PassBase.td"

def JoinPhases : Pass<"nn-join-phases", "::mlir::func::FuncOp"> {
  let summary = "take out the point where two phases meet, and decide the order of the updates";
  let description = [{
    Replaces the results of every boundary between phases (`PhaseBoundaryOpInterface`, `nn.gradients`) by its operands.

    Where nothing but updates reads the results of a boundary, each of them as its gradient (`UpdateOpInterface`), an
    update need not wait for the other gradients: it moves up, directly behind the last operation that computes one of
    its operands or reads a value it replaces. So gradients die early. Where anything else reads a result, something
    sits at the boundary, and everything behind it stays there.

    This is the only place that decides the order of gradients and updates; the order of units is the order of
    operations. It runs after the step is complete and before schedules are searched.
  }];
}

#endif // ARSIS_COMPILER_JOIN_PHASES
