// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data movement, constants, and the point where gradients and updates meet.

#ifndef ARSIS_NN_DATA_OPS
#define ARSIS_NN_DATA_OPS

include "dialects/NN/IR/NNOpBase.td"

def NN_ReshapeOp : NN_Op<"reshape", [NN_View, NN_ScheduledOpInterface, NN_Differentiable]> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    - reshape_c1: the number of elements stays
    - reshape_c2: the type of the elements stays
  }];
  let arguments = !con((ins NN_Tensor:$x), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_TransposeOp : NN_Op<"transpose", [NN_Structured, NN_ScheduledOpInterface, NN_Differentiable]> {
  let summary = "reorders dimensions: dimension i of the result is dimension permutation[i] of x";
  let description = [{
    - transpose_c1: permutation is a permutation of the dimensions of x
    - transpose_c2: the result has the permuted shape
  }];
  let arguments = !con((ins NN_Tensor:$x, DenseI64ArrayAttr:$permutation), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x `permutation` $permutation attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_SliceOp : NN_Op<"slice", [NN_Structured, NN_Boxes, NN_ScheduledOpInterface, NN_Differentiable]> {
  let summary = "a box of x that begins at the offsets and has the shape of the result";
  let description = [{
    - slice_c1: one offset for each dimension of x, none negative
    - slice_c2: the result has the rank of x, and its box lies within x
  }];
  let arguments = !con((ins NN_Tensor:$x, DenseI64ArrayAttr:$offsets), NN_BoxAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x `from` $offsets attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_PadOp : NN_Op<"pad", [NN_Structured, NN_ScheduledOpInterface, NN_Differentiable]> {
  let summary = "x behind `low` elements of one value along each dimension, and before as many as the result has";
  let description = [{
    - pad_c1: one low pad for each dimension of x, none negative
    - pad_c2: the result has the rank of x, and x lies within it
  }];
  let arguments = !con((ins NN_Tensor:$x, DenseI64ArrayAttr:$low, F32Attr:$value), NN_ScheduledAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x `behind` $low `of` $value attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_ConcatOp : NN_Op<"concat", [NN_Composite, NN_Boxes, NN_ScheduledOpInterface, NN_Differentiable]> {
  let summary = "tensors one behind the other along a dimension";
  let description = [{
    - concat_c1: there is an operand, and the axis is a dimension of the result
    - concat_c2: an operand has the shape of the result but along the axis
    - concat_c3: the extents of the operands along the axis add up to that of the result
  }];
  let arguments = !con((ins Variadic<NN_Tensor>:$xs, I64Attr:$axis), NN_BoxAttributes);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$xs `along` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_SplitOp : NN_Op<"split", [NN_Composite, NN_Boxes, NN_ScheduledOpInterface, NN_Differentiable]> {
  let summary = "cuts x along a dimension into the results";
  let description = [{
    - split_c1: there is a result, and the axis is a dimension of x
    - split_c2: a result has the shape of x but along the axis
    - split_c3: the extents of the results along the axis add up to that of x
  }];
  let arguments = !con((ins NN_Tensor:$x, I64Attr:$axis), NN_BoxAttributes);
  let results = (outs Variadic<NN_Tensor>:$ys);
  let assemblyFormat = "$x `along` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_ConstantOp : NN_Op<"constant", [ConstantLike, AllTypesMatch<["value", "y"]>]> {
  let summary = "a tensor whose elements all have one value";
  let description = [{
    - constant_c1: the value is a splat
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "attr-dict $value";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_GradientsOp : NN_Op<"gradients", [NN_PhaseBoundaryOpInterface,
    RangedTypesMatchWith<"the results have the types of the gradients", "gradients", "ready", "$_self">]> {
  let summary = "the point of a training step where all gradients are there and no parameter has changed";
  let description = [{
    The identity. In a step that computes gradients and updates, every gradient of a parameter passes through it: what
    stands before it computes gradients, what stands behind it updates. Clipping, a check for finite numbers, sums over
    micro-batches, the loss scale and sums over chips read its results and hand theirs to the updates. `nn-join-phases`
    takes it out.

    - gradients_c1: one name for each gradient, that of its parameter
  }];
  let arguments = (ins Variadic<NN_Tensor>:$gradients, StrArrayAttr:$names);
  let results = (outs Variadic<NN_Tensor>:$ready);
  let assemblyFormat = "$gradients `of` $names attr-dict `:` type($gradients)";
  let hasVerifier = 1;
}

#endif // ARSIS_NN_DATA_OPS
