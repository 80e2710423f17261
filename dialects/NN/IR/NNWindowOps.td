// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Windows: max and average pooling with their gradients. Global pooling is a window as large as the image.

#ifndef ARSIS_NN_WINDOW_OPS
#define ARSIS_NN_WINDOW_OPS

include "dialects/NN/IR/NNOpBase.td"

defvar NN_PoolingAttributes = (ins DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                                   DenseI64ArrayAttr:$dilations);

class NN_PoolingOp<string mnemonic, list<Trait> traits = []> 
    : NN_Op<mnemonic, !listconcat([NN_Structured, NN_ScheduledOpInterface], traits)> {
  let hasVerifier = 1;
}

def NN_MaxPoolOp : NN_PoolingOp<"max_pool", [NN_Differentiable]> {
  let summary = "maximum over windows";
  let description = [{
    Padding reads minus infinity. Rounding the number of windows down or up (ceil mode) shows in the result's shape.

    Constraints, shared by the pooling operations:
    - pool_c1: kernel is 2 numbers from 1 to 2^31
    - pool_c2: strides are 2 numbers from 1 to 2^31
    - pool_c3: pads are 4 numbers from 0 to 2^31
    - pool_c4: dilations are 2 numbers from 1 to 2^31
    - pool_c5: every pad is smaller than the dilated kernel, so that every window reaches the input
    - pool_c6: batch, channels and number of windows follow from the input (rounded down or up)
  }];
  let arguments = !con((ins NN_Image:$x), NN_PoolingAttributes, NN_ScheduledAttributes);
  let results = (outs NN_Image:$y);
  let assemblyFormat = [{
    $x `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_MaxPoolGradOp : NN_PoolingOp<"max_pool_grad", [AllShapesMatch<["x", "gx"]>]> {
  let summary = "gradient of max_pool";
  let description = [{
    Each window gives its gradient to its first best position, in row-major order; windows are added in row-major
    order. Constraints: pool_c1 to pool_c6.
  }];
  let arguments = !con((ins NN_Image:$x, NN_Image:$gy), NN_PoolingAttributes, NN_ScheduledAttributes);
  let results = (outs NN_Image:$gx);
  let assemblyFormat = [{
    $x `,` $gy `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_AvgPoolOp : NN_PoolingOp<"avg_pool", [NN_Differentiable]> {
  let summary = "average over windows";
  let description = [{
    The divisor counts the elements of the window inside the input, or with `count_include_pad` inside the padded
    input. A window without any, all its taps in the padding, is +0. Constraints: pool_c1 to pool_c6.
  }];
  let arguments = !con((ins NN_Image:$x), NN_PoolingAttributes,
                       (ins DefaultValuedAttr<BoolAttr, "false">:$count_include_pad), NN_ScheduledAttributes);
  let results = (outs NN_Image:$y);
  let assemblyFormat = [{
    $x `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_AvgPoolGradOp : NN_PoolingOp<"avg_pool_grad"> {
  let summary = "gradient of avg_pool";
  let description = [{
    The result's shape is the shape of the forward operation's input. Constraints: pool_c1 to pool_c6.
  }];
  let arguments = !con((ins NN_Image:$gy), NN_PoolingAttributes,
                       (ins DefaultValuedAttr<BoolAttr, "false">:$count_include_pad), NN_ScheduledAttributes);
  let results = (outs NN_Image:$gx);
  let assemblyFormat = [{
    $gy `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations attr-dict
    `:` functional-type(operands, results)
  }];
}

#endif // ARSIS_NN_WINDOW_OPS
