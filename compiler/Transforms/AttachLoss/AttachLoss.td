// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nn-attach-loss: from the forward function to a step that also computes the loss.

#ifndef ARSIS_COMPILER_ATTACH_LOSS
#define ARSIS_COMPILER_ATTACH_LOSS

include "mlir/Pass/PassBase.td"

def AttachLoss : Pass<"nn-attach-loss", "::mlir::ModuleOp"> {
  let summary = "clone the forward function into a training step that computes the loss";
  let description = [{
    Clones `@forward` as `@train_step`, remembers loss and logits among its options (`nn.options`), adds an argument of
    role `label` for every tensor that the host gives (`labels`, one i32 per row of the logits, or `targets`) and, as first
    result, `loss` (role `loss`, a scalar). A loss of several terms also has each of them as a result `loss:<output>`
    (role `output`) and weights of classes as an argument `class_weights` (role `hyper`). What the host has to observe of
    a tensor is the option `given.<name>`. The forward function stays for inference unless the step is to replace it. Where
    the model has a tensor of one of these names, it keeps it, and that of the step is named `step:labels` or `step:loss`;
    a remark says so. (The later passes of training do the same with `grad:`, `velocity:`, `act:` and `learning_rate`.)

    The logits of a cross entropy are batch x classes on the host, and an image behind that has a label per pixel;
    dimensions of 1 alone are no image. docs/guide_losses.md has the losses and their keys.

    Rejected: no function to clone, a step that already exists, a text that is no loss, logits of another shape, several
    outputs without a choice, terms that share a tensor and differ in what they expect of it.
  }];
  let options = [
    Option<"loss", "loss", "std::string", /*default=*/"\"softmax-xent\"", 
           "NAME,KEY=VALUE..+NAME..: softmax-xent, mse and bce-with-logits">,
    Option<"logits", "logits", "std::string", /*default=*/"\"\"",
           "name of the result that is the loss's input; empty: the only output">,
    Option<"replace", "replace", "bool", /*default=*/"false", "drop the forward function">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect", "::mlir::func::FuncDialect"];
}

#endif // ARSIS_COMPILER_ATTACH_LOSS
