// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-attach-loss: from the forward function to a step that also computes the loss.

#ifndef ARSIS_COMPILER_ATTACH_LOSS
#define ARSIS_COMPILER_ATTACH_LOSS

include "mlir/Pass/PassBase.td"

def AttachLoss : Pass<"nn-attach-loss", "::mlir::ModuleOp"> {
  let summary = "clone the forward function into a training step that computes the loss";
  let description = [{
    Clones `@forward` as `@train_step`, adds the argument `labels` (role `label`, one i32 per row of the logits) and,
    as first result, `loss` (role `loss`, a scalar). The forward function stays for inference.

    Rejected: no function to clone, a step that already exists, an unknown loss, logits that are not a matrix, several
    outputs without the option that chooses one.
  }];
  let options = [
    Option<"loss", "loss", "std::string", /*default=*/"\"softmax-xent\"", "the loss; one of: softmax-xent">,
    Option<"logits", "logits", "std::string", /*default=*/"\"\"",
           "name of the result that is the loss's input; empty: the only output">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect", "::mlir::func::FuncDialect"];
}

#endif // ARSIS_COMPILER_ATTACH_LOSS
