// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions: convolution with its two gradients, and the matrix product.

#ifndef ARSIS_NN_CONTRACTION_OPS
#define ARSIS_NN_CONTRACTION_OPS

include "dialects/NN/IR/NNOpBase.td"

defvar NN_ConvolutionAttributes = (ins DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                                       DefaultValuedAttr<I64Attr, "1">:$groups);

class NN_ContractionOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([NN_Structured, NN_ScheduledOpInterface, NN_Reduction], traits)>;

class NN_ConvolutionOp<string mnemonic, list<Trait> traits = []> : NN_ContractionOp<mnemonic, traits> {
  let hasVerifier = 1;
}

def NN_Conv2dOp : NN_ConvolutionOp<"conv2d", [NN_Differentiable]> {
  let summary = "two-dimensional convolution";
  let description = [{
    `y[n,oh,ow,o] = sum over kh,kw,c of x[n, oh*sh + kh*dh - top, ow*sw + kw*dw - left, c] * w[kh,kw,c,o]`.
    Strides and dilations are (height, width), pads are (top, left, bottom, right); padding reads +0.

    `groups` cut input and output channels into as many equal pieces, and each piece of y sees its piece of x only: with C =
    channels of x / groups and O = outputs / groups, `y[..., g*O + o]` sums `x[..., g*C + c] * w[kh,kw,c,g*O + o]` over c < C. A
    depthwise convolution has one channel per group. The plan of a grouped convolution, and of its input gradient, has a first
    dimension `g`: so many groups are summed together, the terms of the others with +0 for a weight (docs/numerics.md).

    Constraints, shared by the three convolutions (x, w, y are the forward operation's tensors):
    - conv_c1: strides are 2 numbers from 1 to 2^31
    - conv_c2: pads are 4 numbers from 0 to 2^31
    - conv_c3: dilations are 2 numbers from 1 to 2^31
    - conv_c4: each group of x and w have the same number of input channels
    - conv_c5: the dilated kernel fits into the padded input
    - conv_c6: y has the shape that follows from x and w
    - conv_c7: groups are a number from 1 to 2^31 that divides the output channels
  }];
  let arguments = !con((ins NN_Image:$x, NN_Image:$w), NN_ConvolutionAttributes, NN_PlannedAttributes);
  let results = (outs NN_Image:$y);
  let assemblyFormat = [{
    $x `,` $w `strides` $strides `pads` $pads `dilations` $dilations attr-dict `:` functional-type(operands, results)
  }];
}

def NN_Conv2dGradInputOp : NN_ConvolutionOp<"conv2d_grad_input", [NN_Differentiable]> {
  let summary = "gradient of a convolution with respect to its input; in a forward pass, a transposed convolution";
  let description = [{
    The result's shape is the shape of the forward operation's input. Constraints: conv_c1 to conv_c7.
  }];
  let arguments = !con((ins NN_Image:$gy, NN_Image:$w), NN_ConvolutionAttributes, NN_PlannedAttributes);
  let results = (outs NN_Image:$gx);
  let assemblyFormat = [{
    $gy `,` $w `strides` $strides `pads` $pads `dilations` $dilations attr-dict `:` functional-type(operands, results)
  }];
}

def NN_Conv2dGradWeightOp : NN_ConvolutionOp<"conv2d_grad_weight"> {
  let summary = "gradient of a convolution with respect to its weight";
  let description = [{
    The result's shape is the shape of the forward operation's weight. Constraints: conv_c1 to conv_c7.
  }];
  let arguments = !con((ins NN_Image:$x, NN_Image:$gy), NN_ConvolutionAttributes, NN_PlannedAttributes);
  let results = (outs NN_Image:$gw);
  let assemblyFormat = [{
    $x `,` $gy `strides` $strides `pads` $pads `dilations` $dilations attr-dict `:` functional-type(operands, results)
  }];
}

def NN_MatmulOp : NN_ContractionOp<"matmul", [NN_Differentiable]> {
  let summary = "matrix product";
  let description = [{
    `c = op(a) * op(b)`, where op transposes if the attribute says so.

    - matmul_c1: the contracted dimensions agree
    - matmul_c2: the result is rows of op(a) by columns of op(b)
  }];
  let arguments = !con((ins NN_Matrix:$a, NN_Matrix:$b, DefaultValuedAttr<BoolAttr, "false">:$transpose_a,
                            DefaultValuedAttr<BoolAttr, "false">:$transpose_b), NN_PlannedAttributes);
  let results = (outs NN_Matrix:$c);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // ARSIS_NN_CONTRACTION_OPS
