// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-attach-loss: from the forward function to a step that also computes the loss.

#ifndef ARSIS_COMPILER_ATTACH_LOSS
#define ARSIS_COMPILER_ATTACH_LOSS

include "mlir/Pass/PassBase.td"

def AttachLoss : Pass<"nn-attach-loss", "::mlir::ModuleOp"> {
  let summary = "clone the forward function into a training step that computes the loss";
  let description = [{
    Clones `@forward` as `@train_step`, remembers loss and logits among its options (`nn.options`), adds the argument `labels` (role `label`, one i32 per row of the logits) and,
    as first result, `loss` (role `loss`, a scalar). The forward function stays for inference unless the step is to replace it. Where the model has a
    tensor of one of these names, it keeps it, and that of the step is named `step:labels` or `step:loss`; a remark says
    so. (The later passes of training do the same with `grad:`, `velocity:`, `act:` and `learning_rate`.)

    The logits are images x classes on the host, with any further extents of 1.

    Rejected: no function to clone, a step that already exists, an unknown loss, logits of another shape, several
    outputs without the option that chooses one.
  }];
  let options = [
    Option<"loss", "loss", "std::string", /*default=*/"\"softmax-xent\"", "the loss; one of: softmax-xent">,
    Option<"logits", "logits", "std::string", /*default=*/"\"\"",
           "name of the result that is the loss's input; empty: the only output">,
    Option<"replace", "replace", "bool", /*default=*/"false", "drop the forward function">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect", "::mlir::func::FuncDialect"];
}

#endif // ARSIS_COMPILER_ATTACH_LOSS
