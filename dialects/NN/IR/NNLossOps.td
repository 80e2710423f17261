// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What losses are made of: softmax followed by cross entropy, averaged over class labels or summed over targets of any
// kind, the targets that labels stand for, and a sum over everything.

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

def NN_ClassTargetsOp : NN_Op<"class_targets", [NN_ScheduledOpInterface, NN_Composite]> {
  let summary = "the distribution over classes that each label stands for, and the weight of its row";
  let description = [{
    `kept` is 0 for the label `ignored`, else 1. `targets[n, k] = ((1 - smoothing) * onehot(labels[n], k) + smoothing / K)
    * kept[n] * weights[k]` and `mass[n] = weights[labels[n]] * kept[n]`, with weights of 1 where there are none.

    - class_targets_c1: there is one label and one mass per row of the targets
    - class_targets_c2: there is one weight per column of the targets
    - class_targets_c3: smoothing lies in [0, 1]
  }];
  let arguments = !con((ins NN_Labels:$labels, Optional<NN_Vector>:$weights, F32Attr:$smoothing,
                            OptionalAttr<I64Attr>:$ignored), NN_ScheduledAttributes);
  let results = (outs NN_FullMatrix:$targets, NN_Vector:$mass);
  let assemblyFormat = [{
    $labels (`weights` $weights^)? `smoothing` $smoothing (`ignored` $ignored^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_CrossEntropyOp : NN_Op<"cross_entropy",
    [NN_ScheduledOpInterface, NN_Composite, NN_Reduction, NN_Differentiable,
     AllShapesMatch<["logits", "targets", "probabilities"]>]> {
  let summary = "sum over all elements of -targets * log softmax(logits)";
  let description = [{
    The softmax is that of each row, `mass` the sum of the targets of a row. A row whose mass is not greater than zero
    takes no part, whatever its logits. The targets pass on no gradient.

    - cross_entropy_c1: there is one mass per row of the logits
  }];
  let arguments = !con((ins NN_Matrix:$logits, NN_FullMatrix:$targets), NN_PlannedAttributes);
  let results = (outs NN_Scalar:$loss, NN_FullMatrix:$probabilities, NN_Vector:$mass);
  let assemblyFormat = "$logits `,` $targets attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_CrossEntropyGradOp : NN_Op<"cross_entropy_grad",
    [NN_ScheduledOpInterface, NN_Structured, AllShapesMatch<["probabilities", "targets", "glogits"]>]> {
  let summary = "gradient of cross_entropy with respect to the logits";
  let description = [{
    `(probabilities * mass - targets) * gloss` where the mass of the row is greater than zero, else +0. Constraint:
    cross_entropy_c1.
  }];
  let arguments = !con((ins NN_FullMatrix:$probabilities, NN_FullMatrix:$targets, NN_Vector:$mass, NN_Scalar:$gloss),
                       NN_ScheduledAttributes);
  let results = (outs NN_Matrix:$glogits);
  let assemblyFormat = [{
    $probabilities `,` $targets `,` $mass `,` $gloss attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_TotalOp : NN_Op<"total", [NN_ScheduledOpInterface, NN_Structured, NN_Reduction, NN_Differentiable]> {
  let summary = "sum over all elements of a vector";
  let arguments = !con((ins NN_Vector:$x), NN_PlannedAttributes);
  let results = (outs NN_Scalar:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def NN_SigmoidCrossEntropyOp : NN_Op<"sigmoid_cross_entropy",
    [NN_ScheduledOpInterface, NN_Elementwise, NN_Differentiable, SameOperandsAndResultShape]> {
  let summary = "relu(x) - x * targets + log(1 + exp(-|x|)), the cross entropy of sigmoid(x) and targets from 0 to 1";
  let description = "The targets pass on no gradient.";
  let arguments = !con((ins NN_Tensor:$x, NN_Full:$targets), NN_ScheduledAttributes);
  let results = (outs NN_Full:$losses);
  let assemblyFormat = "$x `,` $targets attr-dict `:` custom<Types>(type($x), type($targets), type($losses))";
}

def NN_SigmoidCrossEntropyGradOp : NN_Op<"sigmoid_cross_entropy_grad",
    [NN_ScheduledOpInterface, NN_Elementwise, SameOperandsAndResultShape]> {
  let summary = "gradient of sigmoid_cross_entropy with respect to x: gy * (sigmoid(x) - targets)";
  let arguments = !con((ins NN_Tensor:$gy, NN_Tensor:$x, NN_Full:$targets), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$gx);
  let assemblyFormat = [{
    $gy `,` $x `,` $targets attr-dict `:` custom<Types>(type($gy), type($x), type($targets), type($gx))
  }];
}

#endif // ARSIS_NN_LOSS_OPS
