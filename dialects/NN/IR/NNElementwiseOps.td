// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operations, with the broadcast of a channel vector, and the optimizer's update.

#ifndef ARSIS_NN_ELEMENTWISE_OPS
#define ARSIS_NN_ELEMENTWISE_OPS

include "dialects/NN/IR/NNOpBase.td"

class NN_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([NN_ScheduledOpInterface, NN_Elementwise], traits)>;

def NN_BiasAddOp : NN_ElementwiseOp<"bias_add", [NN_Differentiable, AllShapesMatch<["x", "y"]>]> {
  let summary = "adds a vector to every pixel";
  let description = [{
    - bias_add_c1: the bias is as long as the last dimension of x
  }];
  let arguments = !con((ins NN_Channels:$x, NN_Vector:$bias), NN_ScheduledAttributes);
  let results = (outs NN_Channels:$y);
  let assemblyFormat = "$x `,` $bias attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_ReluOp : NN_ElementwiseOp<"relu", [NN_Differentiable, SameOperandsAndResultShape]> {
  let summary = "x where x is greater than zero, else +0";
  let arguments = !con((ins NN_Tensor:$x), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` custom<Types>(type($x), type($y))";
}

def NN_ReluGradOp : NN_ElementwiseOp<"relu_grad", [SameOperandsAndResultShape]> {
  let summary = "gradient of relu: gy where y is greater than zero, else +0";
  let arguments = !con((ins NN_Tensor:$gy, NN_Tensor:$y), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$gx);
  let assemblyFormat = "$gy `,` $y attr-dict `:` custom<Types>(type($gy), type($y), type($gx))";
}

def NN_TanhOp : NN_ElementwiseOp<"tanh", [NN_Differentiable, SameOperandsAndResultShape]> {
  let summary = "hyperbolic tangent of every element";
  let arguments = !con((ins NN_Tensor:$x), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` custom<Types>(type($x), type($y))";
}

def NN_TanhGradOp : NN_ElementwiseOp<"tanh_grad", [SameOperandsAndResultShape]> {
  let summary = "gradient of tanh from its result: gy * (1 - y * y)";
  let arguments = !con((ins NN_Tensor:$gy, NN_Tensor:$y), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$gx);
  let assemblyFormat = "$gy `,` $y attr-dict `:` custom<Types>(type($gy), type($y), type($gx))";
}

def NN_CastOp : NN_ElementwiseOp<"cast", [SameOperandsAndResultShape]> {
  let summary = "x rounded to the element type of the result";
  let arguments = !con((ins NN_Tensor:$x), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def NN_UnscaleOp : NN_ElementwiseOp<"unscale", [AllTypesMatch<["gradient", "unscaled"]>]> {
  let summary = "a gradient times the reciprocal of the loss scale";
  let arguments = !con((ins NN_Full:$gradient, NN_Scalar:$scale), NN_ScheduledAttributes);
  let results = (outs NN_Full:$unscaled);
  let assemblyFormat = "$gradient `by` $scale attr-dict `:` functional-type(operands, results)";
}

def NN_SgdOp : NN_Op<"sgd",
    [NN_ScheduledOpInterface, NN_Stateful, NN_Update, NN_StructuredOpInterface,
     DeclareOpInterfaceMethods<NN_ElementwiseOpInterface, ["getResultSteps"]>,
     AllTypesMatch<["param", "grad", "new_param"]>]> {
  let summary = "stochastic gradient descent with momentum and weight decay";
  let description = [{
    `g1 = weight_decay != 0 ? fma(param, weight_decay, grad) : grad`,
    `new_velocity = momentum != 0 ? fma(velocity, momentum, g1) : g1`,
    `new_param = fma(new_velocity, -learning_rate, param)`.

    - sgd_c1: velocity is operand and result exactly if momentum is not zero
    - sgd_c2: velocity has the type of the parameter
    - sgd_c3: momentum and weight decay are finite and not negative
  }];
  let arguments = !con((ins NN_Full:$param, NN_Full:$grad, NN_Scalar:$learning_rate,
                            Optional<NN_Full>:$velocity, F32Attr:$momentum, F32Attr:$weight_decay),
                       NN_ScheduledAttributes);
  let results = (outs NN_Full:$new_param, Optional<NN_Full>:$new_velocity);
  let assemblyFormat = [{
    $param `,` $grad `,` $learning_rate (`,` $velocity^)? `momentum` $momentum `weight_decay` $weight_decay
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // ARSIS_NN_ELEMENTWISE_OPS
