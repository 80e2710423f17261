// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-select-phase: from a whole training step to one of its phases.

#ifndef ARSIS_COMPILER_SELECT_PHASE
#define ARSIS_COMPILER_SELECT_PHASE

include "mlir/Pass/PassBase.td"

def SelectPhase : Pass<"nn-select-phase", "::mlir::func::FuncOp"> {
  let summary = "keep the gradients of a training step, or its updates";
  let description = [{
    Cuts a step at its one boundary between phases (`nn.gradients`). Both parts are made from the whole step, so that
    they call what they share by the same names.

    - `gradients`: everything that does not depend on a result of the boundary: loss, outputs, running statistics,
      gradients. The boundary goes: it lies between the programs now.
    - `update`: everything that does. The gradients become arguments of role `gradient`, and the boundary stays behind
      them, so that what attaches to it attaches here.
    - `joint`: the step stays as it is.

    Arguments that a part does not read go. The gradients must be among the results (`keep-gradients` of
    `nn-attach-optimizer`), which say how they are called. The choice is remembered among the function's options
    (`nn.options`). Functions without a loss stay as they are. Rejected: no boundary or several; behind it, a value from
    before it that is neither argument, constant nor gradient; gradients that are not returned.
  }];
  let options = [
    Option<"phase", "phase", "std::string", /*default=*/"\"joint\"", "joint, gradients or update">,
  ];
}

#endif // ARSIS_COMPILER_SELECT_PHASE
