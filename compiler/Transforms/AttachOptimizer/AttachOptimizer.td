// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-attach-optimizer: from gradients to updated parameters.

#ifndef ARSIS_COMPILER_ATTACH_OPTIMIZER
#define ARSIS_COMPILER_ATTACH_OPTIMIZER

include "mlir/Pass/PassBase.td"

def AttachOptimizer : Pass<"nn-attach-optimizer", "::mlir::func::FuncOp"> {
  let summary = "turn gradients into updated parameters that replace the old ones";
  let description = [{
    In a function with results of role `gradient`, adds the argument `learning_rate` (role `hyper`), for each
    parameter with a gradient an update and, with momentum, the argument `velocity:<name>` (role `state`, zero at
    launch). The new values become results that donate to (`nn.donates`) the argument they replace; so does every next
    value of state that an operation computes (`StatefulOpInterface`, the running statistics of a normalisation) and
    that no result returns yet. The gradients leave the results unless they are to be kept.

    If the loss has been scaled, gradients are divided by the scale where they are computed (`nn.unscale`).

    All gradients pass through one `nn.gradients`, the named point behind which every update stands. Kept gradients are
    those before it. `nn-join-phases` moves the updates to their gradients.

    The results then are: loss, outputs, updated parameters and state, kept gradients. Other functions stay as they are.
    A gradient names its parameter by `nn.gradient_of`. The optimizer is remembered among the function's options
    (`nn.options`). Rejected: a gradient that does not, a loss without any gradient, an optimizer that is none, numbers that fp32 cannot hold or that
    are negative.
  }];
  let options = [
    Option<"optimizer", "optimizer", "std::string", /*default=*/"\"sgd\"",
           "sgd,lr=..,momentum=..,weight-decay=..; every value may be left out">,
    Option<"keepGradients", "keep-gradients", "bool", /*default=*/"false", "leave the gradients among the results">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect"];
}

#endif // ARSIS_COMPILER_ATTACH_OPTIMIZER
