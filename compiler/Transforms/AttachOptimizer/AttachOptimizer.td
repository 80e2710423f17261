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

    An update stands as soon after its gradient as the old parameter's last reader allows, so that gradients die early.

    The results then are: loss, outputs, updated parameters and state, kept gradients. Other functions stay as they are.
    A gradient names its parameter by `nn.gradient_of`. Rejected: a gradient that does not, a learning rate, momentum or weight decay that is not finite or is negative.
  }];
  let options = [
    Option<"learningRate", "learning-rate", "float", /*default=*/"0.01f", "the learning rate at launch">,
    Option<"momentum", "momentum", "float", /*default=*/"0.0f", "the velocity's decay per step">,
    Option<"weightDecay", "weight-decay", "float", /*default=*/"0.0f",
           "this times the parameter is added to its gradient">,
    Option<"keepGradients", "keep-gradients", "bool", /*default=*/"false", "leave the gradients among the results">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect"];
}

#endif // ARSIS_COMPILER_ATTACH_OPTIMIZER
