// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax and its logarithm inside a network, row by row. The one in front of the loss is part of the loss.

#ifndef ARSIS_NN_SOFTMAX_OPS
#define ARSIS_NN_SOFTMAX_OPS

include "dialects/NN/IR/NNOpBase.td"

class NN_SoftmaxOpBase<string mnemonic>
    : NN_Op<mnemonic, [NN_ScheduledOpInterface, NN_Composite, NN_Differentiable, AllShapesMatch<["x", "y"]>]> {
  let arguments = !con((ins NN_Matrix:$x), NN_ScheduledAttributes);
  let results = (outs NN_Matrix:$y);
  let assemblyFormat = "$x attr-dict `:` custom<Types>(type($x), type($y))";
}

class NN_SoftmaxGradOpBase<string mnemonic>
    : NN_Op<mnemonic, [NN_ScheduledOpInterface, NN_Composite, AllShapesMatch<["gy", "y", "gx"]>]> {
  let arguments = !con((ins NN_Matrix:$gy, NN_Matrix:$y), NN_ScheduledAttributes);
  let results = (outs NN_Matrix:$gx);
  let assemblyFormat = "$gy `,` $y attr-dict `:` custom<Types>(type($gy), type($y), type($gx))";
}

def NN_SoftmaxOp : NN_SoftmaxOpBase<"softmax"> {
  let summary = "exp(x - m) * (1 / sum over the row of exp(x - m)), with m the largest element of the row";
}

def NN_SoftmaxGradOp : NN_SoftmaxGradOpBase<"softmax_grad"> {
  let summary = "gradient of softmax from its result: y * (gy - sum over the row of gy * y)";
}

def NN_LogSoftmaxOp : NN_SoftmaxOpBase<"log_softmax"> {
  let summary = "(x - m) - log(sum over the row of exp(x - m)), with m the largest element of the row";
}

def NN_LogSoftmaxGradOp : NN_SoftmaxGradOpBase<"log_softmax_grad"> {
  let summary = "gradient of log_softmax from its result: gy - exp(y) * sum over the row of gy";
}

#endif // ARSIS_NN_SOFTMAX_OPS
