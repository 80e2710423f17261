// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that draw random numbers. A number is a function of counters and has no state of its own, so that the
// backward pass draws it again instead of keeping it.

#ifndef ARSIS_NN_RANDOM_OPS
#define ARSIS_NN_RANDOM_OPS

include "dialects/NN/IR/NNOpBase.td"

def NN_DropoutOp : NN_Op<"dropout",
    [NN_Structured, NN_ScheduledOpInterface, NN_Differentiable, AllShapesMatch<["x", "y"]>]> {
  let summary = "an element times 1 / (1 - ratio) with probability 1 - ratio, else +0";
  let description = [{
    Whether an element stays depends on seed, step, layer and its place in x and on nothing else. With r its row-major
    number over all dimensions but the last and c that along the last one, it stays where
    `random(c, random(r, seed, step, layer), step, layer) - ratio` is greater than zero; `random` is that of
    docs/isa.md, and all numbers are fp32. The gradient of x is the same operation on the gradient of y.

    - dropout_c1: the ratio is at least 0 and less than 1
    - dropout_c2: x has a last dimension; rows and columns can be numbered in fp32, as can layers
  }];
  let arguments = !con((ins NN_Tensor:$x, NN_Scalar:$seed, NN_Scalar:$step, F32Attr:$ratio, I64Attr:$layer),
                       NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = [{
    $x `seed` $seed `step` $step `ratio` $ratio `layer` $layer attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // ARSIS_NN_RANDOM_OPS
