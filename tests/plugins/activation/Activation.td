// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dialect from outside: an activation with its gradient, which the compiler knows by their interfaces alone, and an
// operation whose author forgot the kernel.
#ifndef ACTIVATION_OPS
#define ACTIVATION_OPS

include "dialects/NN/IR/NNOpBase.td"

def Activation_Dialect : Dialect {
  let name = "activation";
  let cppNamespace = "::activation";
}

class Activation_Op<string mnemonic> : Op<Activation_Dialect, mnemonic,
    [Pure, NN_ScheduledOpInterface, NN_Elementwise, SameOperandsAndResultType]>;

// Its gradient rule is attached (Dialect.cpp).
def Activation_SquaredReluOp : Activation_Op<"squared_relu"> {
  let summary = "the square of x where x is greater than zero, else +0";
  let arguments = !con((ins NN_Tensor:$x), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
}

def Activation_SquaredReluGradOp : Activation_Op<"squared_relu_grad"> {
  let summary = "gradient of squared_relu: gy * (2 * relu(x))";
  let arguments = !con((ins NN_Tensor:$gy, NN_Tensor:$x), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$gx);
  let assemblyFormat = "$gy `,` $x attr-dict `:` type($gx)";
}

def Activation_HalfOp : Activation_Op<"half"> {
  let summary = "x / 2; there is no kernel for it, and a strategy that is wrong";
  let arguments = !con((ins NN_Tensor:$x), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
}

#endif // ACTIVATION_OPS
