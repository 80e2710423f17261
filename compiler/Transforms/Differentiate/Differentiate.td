// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-differentiate: from a step with a loss to one that also returns the gradients of its parameters.

#ifndef ARSIS_COMPILER_DIFFERENTIATE
#define ARSIS_COMPILER_DIFFERENTIATE

include "mlir/Pass/PassBase.td"

def Differentiate : Pass<"nn-differentiate", "::mlir::func::FuncOp"> {
  let summary = "add the gradients of the loss with respect to the parameters";
  let description = [{
    In a function with a result of role `loss`, adds for every argument of role `parameter` that the loss depends on a
    result `grad:<name>` of role `gradient`, with the argument's number as `nn.gradient_of`. Other functions stay as they are.

    Reverse mode on nn, by the operations' own rules (`DifferentiableOpInterface`), before anything is decomposed. An
    operation takes part only if it lies between a parameter and the loss, and it is asked only for the gradients of
    operands that themselves depend on a parameter: the first convolution computes no gradient of the image. Where a
    value has several uses its gradients are added, the use nearest to the loss first.

    Rejected: more than one loss, operations without a rule on a path from a parameter to the loss (one error, a note
    for each of them), a parameter that the loss does not depend on is a warning.
  }];
  let options = [
    Option<"lossScale", "loss-scale", "double", /*default=*/"0",
           "multiplies the loss before its gradients are taken: an argument `loss_scale` of role `hyper` with this initial "
           "value, whose name the function remembers as its option `loss_scale`; 0: none">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect"];
}

#endif // ARSIS_COMPILER_DIFFERENTIATE
