// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of one tensor, element by element, and their gradients where these are more than other operations
// together. At kinks gradients are PyTorch's.

#ifndef ARSIS_NN_ACTIVATION_OPS
#define ARSIS_NN_ACTIVATION_OPS

include "dialects/NN/IR/NNElementwiseOps.td"

class NN_ActivationOp<string mnemonic, dag parameters = (ins), string format = "">
    : NN_ElementwiseOp<mnemonic, [NN_Differentiable, SameOperandsAndResultShape]> {
  let arguments = !con((ins NN_Tensor:$x), parameters, NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x " # format # " attr-dict `:` custom<Types>(type($x), type($y))";
}

// `at` is what the gradient is taken at: the operand or the result of the forward operation, as the summary says.
class NN_ActivationGradOp<string mnemonic, dag parameters = (ins), string format = "">
    : NN_ElementwiseOp<mnemonic, [SameOperandsAndResultShape]> {
  let arguments = !con((ins NN_Tensor:$gy, NN_Tensor:$at), parameters, NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$gx);
  let assemblyFormat = "$gy `,` $at " # format # " attr-dict `:` custom<Types>(type($gy), type($at), type($gx))";
}

def NN_AffineOp
    : NN_ActivationOp<"affine", (ins F32Attr:$scale, F32Attr:$offset), "`scale` $scale `offset` $offset"> {
  let summary = "fma(x, scale, offset), with numbers that are the same for all elements";
  let description = [{
    - affine_c1: scale and offset are finite
  }];
  let hasVerifier = 1;
}

defvar NN_Bounds = (ins OptionalAttr<F32Attr>:$low, OptionalAttr<F32Attr>:$high);
defvar NN_BoundsFormat = "(`low` $low^)? (`high` $high^)?";

def NN_ClipOp : NN_ActivationOp<"clip", NN_Bounds, NN_BoundsFormat> {
  let summary = "minimum(maximum(x, low), high)";
  let description = [{
    - clip_c1: there is a bound, bounds are finite, and low is below high
  }];
  let hasVerifier = 1;
}

def NN_ClipGradOp : NN_ActivationGradOp<"clip_grad", NN_Bounds, NN_BoundsFormat> {
  let summary = "gradient of clip from its result: gy strictly between the bounds, else +0, as PyTorch's hardtanh and relu6";
  let description = "Constraint: clip_c1.";
  let hasVerifier = 1;
}

def NN_SigmoidOp : NN_ActivationOp<"sigmoid"> {
  let summary = "1 / (1 + exp(-x))";
}

def NN_SigmoidGradOp : NN_ActivationGradOp<"sigmoid_grad"> {
  let summary = "gradient of sigmoid from its result: gy * (y * (1 - y))";
}

def NN_HardSwishOp : NN_ActivationOp<"hard_swish"> {
  let summary = "x * minimum(relu(fma(x, 1/6, 1/2)), 1)";
}

def NN_HardSwishGradOp : NN_ActivationGradOp<"hard_swish_grad"> {
  let summary = "gradient of hard_swish from its operand: gy above 3, +-0 below -3, else gy * fma(x, 1/3, 1/2)";
}

defvar NN_Slope = (ins F32Attr:$slope);

def NN_LeakyReluOp : NN_ActivationOp<"leaky_relu", NN_Slope, "`slope` $slope"> {
  let summary = "x where x is greater than zero, else x * slope";
  let description = [{
    - leaky_relu_c1: the slope is finite
  }];
  let hasVerifier = 1;
}

def NN_LeakyReluGradOp : NN_ActivationGradOp<"leaky_relu_grad", NN_Slope, "`slope` $slope"> {
  let summary = "gradient of leaky_relu from what is greater than zero where its operand is: gy there, else gy * slope";
  let description = "Constraint: leaky_relu_c1.";
  let hasVerifier = 1;
}

defvar NN_Alpha = (ins F32Attr:$alpha);

def NN_EluOp : NN_ActivationOp<"elu", NN_Alpha, "`alpha` $alpha"> {
  let summary = "x where x is greater than zero, else alpha * (exp(x) - 1)";
  let description = [{
    - elu_c1: alpha is finite
  }];
  let hasVerifier = 1;
}

def NN_EluGradOp : NN_ActivationGradOp<"elu_grad", NN_Alpha, "`alpha` $alpha"> {
  let summary = "gradient of elu from its operand: gy where x is greater than zero, else gy * (alpha * exp(x))";
  let description = "Constraint: elu_c1.";
  let hasVerifier = 1;
}

def NN_SoftplusOp : NN_ActivationOp<"softplus"> {
  let summary = "log(1 + exp(-|x|)) + relu(x), which is log(1 + exp(x))";
}

def NN_ErfOp : NN_ActivationOp<"erf"> {
  let summary = "error function of every element";
}

def NN_ExpOp : NN_ActivationOp<"exp"> {
  let summary = "e to the power of every element";
}

def NN_LogOp : NN_ActivationOp<"log"> {
  let summary = "natural logarithm of every element";
}

def NN_ReciprocalOp : NN_ActivationOp<"reciprocal"> {
  let summary = "1 / x";
}

def NN_SqrtOp : NN_ActivationOp<"sqrt"> {
  let summary = "1 / rsqrt(x), the square root";
}

#endif // ARSIS_NN_ACTIVATION_OPS
