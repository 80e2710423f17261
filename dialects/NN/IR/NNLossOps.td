// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loss: softmax followed by cross entropy against class labels, averaged over the batch.

#ifndef ARSIS_NN_LOSS_OPS
#define ARSIS_NN_LOSS_OPS

include "dialects/NN/IR/NNOpBase.td"

def NN_SoftmaxCrossEntropyOp : NN_Op<"softmax_cross_entropy",
    [NN_ScheduledOpInterface, NN_Composite, NN_Reduction, NN_Differentiable,
     AllShapesMatch<["logits", "probabilities"]>]> {
  let summary = "mean over the batch of -log softmax(logits)[label]";
  let description = [{
    - loss_c1: there is one label per row of the logits
  }];
  let arguments = !con((ins NN_Matrix:$logits, NN_Labels:$labels), NN_PlannedAttributes);
  let results = (outs NN_Scalar:$loss, NN_FullMatrix:$probabilities);
  let assemblyFormat = "$logits `,` $labels attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_SoftmaxCrossEntropyGradOp : NN_Op<"softmax_cross_entropy_grad",
    [NN_ScheduledOpInterface, NN_Structured, AllShapesMatch<["probabilities", "glogits"]>]> {
  let summary = "gradient of softmax_cross_entropy with respect to the logits";
  let description = [{
    `(probabilities - onehot(labels)) * (gloss / N)`. Constraint: loss_c1.
  }];
  let arguments = !con((ins NN_FullMatrix:$probabilities, NN_Labels:$labels, NN_Scalar:$gloss), NN_ScheduledAttributes);
  let results = (outs NN_Matrix:$glogits);
  let assemblyFormat = "$probabilities `,` $labels `,` $gloss attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // ARSIS_NN_LOSS_OPS
