// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise arithmetic of two tensors, of which the second may repeat along dimensions of the first.

#ifndef ARSIS_NN_ARITHMETIC_OPS
#define ARSIS_NN_ARITHMETIC_OPS

include "dialects/NN/IR/NNElementwiseOps.td"

// Dimension i of the operand that repeats is dimension along[i] of the result, which has the same extent; without
// `along` it has all of them.
defvar NN_Along = (ins OptionalAttr<DenseI64ArrayAttr>:$along);

class NN_ArithmeticOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([NN_ScheduledOpInterface, NN_StructuredOpInterface,
                                   DeclareOpInterfaceMethods<NN_ElementwiseOpInterface, ["getOperandDimensions"]>],
                                  traits)> {
  let hasVerifier = 1;
}

class NN_BinaryOp<string mnemonic> : NN_ArithmeticOp<mnemonic, [NN_Differentiable, AllShapesMatch<["a", "c"]>]> {
  let arguments = !con((ins NN_Tensor:$a, NN_Tensor:$b), NN_Along, NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$c);
  let assemblyFormat = "$a `,` $b (`along` $along^)? attr-dict `:` custom<Types>(type($a), type($b), type($c))";
}

def NN_AddOp : NN_BinaryOp<"add"> {
  let summary = "elementwise sum of two tensors";
  let description = [{
    b may repeat along dimensions of a. Its gradient is the sum over those.

    - along_c1: `along` names dimensions of the result, in ascending order, one for each of the operand that repeats
    - along_c2: such an operand has the extents of the dimensions that `along` names, without it those of the result
  }];
}

def NN_MultiplyOp : NN_BinaryOp<"multiply"> {
  let summary = "elementwise product of two tensors";
  let description = "b may repeat along dimensions of a. Constraints: along_c1, along_c2.";
}

def NN_BroadcastOp : NN_ArithmeticOp<"broadcast", [NN_Differentiable]> {
  let summary = "x, repeated along all dimensions but some";
  let description = "Constraints: along_c1, along_c2.";
  let arguments = !con((ins NN_Tensor:$x), NN_Along, NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x (`along` $along^)? attr-dict `:` functional-type(operands, results)";
}

def NN_PReluOp : NN_ArithmeticOp<"prelu", [NN_Differentiable, AllShapesMatch<["x", "y"]>]> {
  let summary = "x where x is greater than zero, else x times a slope";
  let description = "The slope may repeat along dimensions of x. Constraints: along_c1, along_c2.";
  let arguments = !con((ins NN_Tensor:$x, NN_Tensor:$slope), NN_Along, NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x `,` $slope (`along` $along^)? attr-dict `:` custom<Types>(type($x), type($slope), type($y))";
}

def NN_PReluGradOp : NN_ArithmeticOp<"prelu_grad", [AllShapesMatch<["gy", "x", "gx"]>]> {
  let summary = "gradient of prelu with respect to x: gy where x is greater than zero, else gy times the slope";
  let description = "Constraints: along_c1, along_c2.";
  let arguments = !con((ins NN_Tensor:$gy, NN_Tensor:$slope, NN_Tensor:$x), NN_Along, NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$gx);
  let assemblyFormat = [{
    $gy `,` $slope `,` $x (`along` $along^)? attr-dict `:` custom<Types>(type($gy), type($slope), type($x), type($gx))
  }];
}

#endif // ARSIS_NN_ARITHMETIC_OPS
