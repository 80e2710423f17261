// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions over pixels and over rows: normalisations with their gradients, and the sum per channel.

#ifndef ARSIS_NN_REDUCTION_OPS
#define ARSIS_NN_REDUCTION_OPS

include "dialects/NN/IR/NNOpBase.td"

class NN_PixelReductionOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([NN_ScheduledOpInterface, NN_Reduction], traits)>;

def NN_BatchNormOp : NN_PixelReductionOp<"batch_norm", [NN_Composite, NN_Differentiable, NN_Stateful,
    AllShapesMatch<["x", "y"]>,
    AllTypesMatch<["scale", "bias", "running_mean", "running_var", "mean", "rstd", "new_running_mean",
                   "new_running_var"]>]> {
  let summary = "batch normalisation in training mode";
  let description = [{
    Normalises by the statistics of the batch and returns them (mean, and rstd = 1/sqrt(variance + epsilon)), beside
    the running statistics `(1 - momentum) * old + momentum * batch`; the running variance is the unbiased one. The variance
    is the mean of squared differences from the mean, in a pass of its own.

    Constraints, shared by the normalisations:
    - batch_norm_c1: scale is as long as the last dimension of x
    - batch_norm_c2: there is more than one pixel (training mode)
    - batch_norm_c3: epsilon is positive
    - batch_norm_c4: momentum lies in [0, 1]
  }];
  let arguments = !con((ins NN_Channels:$x, NN_Vector:$scale, NN_Vector:$bias, NN_Vector:$running_mean,
                            NN_Vector:$running_var, F32Attr:$epsilon, F32Attr:$momentum), NN_PlannedAttributes);
  let results = (outs NN_Channels:$y, NN_Vector:$mean, NN_Vector:$rstd, NN_Vector:$new_running_mean,
                      NN_Vector:$new_running_var);
  let assemblyFormat = [{
    $x `,` $scale `,` $bias `,` $running_mean `,` $running_var `epsilon` $epsilon `momentum` $momentum
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_BatchNormOfMomentsOp : NN_Op<"batch_norm_of_moments", [NN_ScheduledOpInterface, NN_Composite, NN_Stateful,
    AllShapesMatch<["x", "y"]>,
    AllTypesMatch<["scale", "bias", "running_mean", "running_var", "first", "sum", "squares", "mean", "rstd",
                   "new_running_mean", "new_running_var"]>]> {
  let summary = "batch_norm by the channel_moments of its input";
  let description = [{
    x is not read for the statistics: `mean = first / m + sum / pixels`, with m pixels in first, and
    `variance = max(squares / pixels - (sum / pixels)^2, 0)`. Constraints: batch_norm_c1 to batch_norm_c4.
  }];
  let arguments = !con((ins NN_Channels:$x, NN_Vector:$scale, NN_Vector:$bias, NN_Vector:$running_mean,
                            NN_Vector:$running_var, NN_Vector:$first, NN_Vector:$sum, NN_Vector:$squares,
                            F32Attr:$epsilon, F32Attr:$momentum), NN_ScheduledAttributes);
  let results = (outs NN_Channels:$y, NN_Vector:$mean, NN_Vector:$rstd, NN_Vector:$new_running_mean,
                      NN_Vector:$new_running_var);
  let assemblyFormat = [{
    $x `,` $scale `,` $bias `,` $running_mean `,` $running_var `moments` $first `,` $sum `,` $squares
    `epsilon` $epsilon `momentum` $momentum attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_BatchNormStatisticsOp : NN_Op<"batch_norm_statistics", [NN_ScheduledOpInterface, NN_Composite, NN_Stateful,
    AllTypesMatch<["running_mean", "running_var", "first", "sum", "squares", "mean", "rstd", "new_running_mean",
                   "new_running_var"]>]> {
  let summary = "the part of batch_norm_of_moments that has one element per channel";
  let description = [{
    `pixels` are those that the moments sum up, `first_pixels` those of `first`; batch_norm_apply goes on from mean and
    rstd. Constraints: batch_norm_c3, batch_norm_c4 and
    - batch_norm_statistics_c1: there is more than one pixel, of which the first ones are some
  }];
  let arguments = !con((ins NN_Vector:$running_mean, NN_Vector:$running_var, NN_Vector:$first, NN_Vector:$sum,
                            NN_Vector:$squares, I64Attr:$pixels, I64Attr:$first_pixels, F32Attr:$epsilon,
                            F32Attr:$momentum), NN_ScheduledAttributes);
  let results = (outs NN_Vector:$mean, NN_Vector:$rstd, NN_Vector:$new_running_mean, NN_Vector:$new_running_var);
  let assemblyFormat = [{
    $running_mean `,` $running_var `moments` $first `,` $sum `,` $squares `pixels` $pixels `first` $first_pixels
    `epsilon` $epsilon `momentum` $momentum attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_BatchNormInferenceOp : NN_Op<"batch_norm_inference",
    [NN_ScheduledOpInterface, NN_Elementwise, AllShapesMatch<["x", "y"]>,
    AllTypesMatch<["scale", "bias", "mean", "variance"]>]> {
  let summary = "batch normalisation by given statistics";
  let description = [{
    `y = fma((x - mean) * rsqrt(variance + epsilon), scale, bias)`. Constraints: batch_norm_c1, batch_norm_c3.
  }];
  let arguments = !con((ins NN_Channels:$x, NN_Vector:$scale, NN_Vector:$bias, NN_Vector:$mean, NN_Vector:$variance,
                            F32Attr:$epsilon), NN_ScheduledAttributes);
  let results = (outs NN_Channels:$y);
  let assemblyFormat = [{
    $x `,` $scale `,` $bias `,` $mean `,` $variance `epsilon` $epsilon attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_BatchNormApplyOp : NN_Op<"batch_norm_apply",
    [NN_ScheduledOpInterface, NN_Elementwise, AllShapesMatch<["x", "y"]>,
     AllTypesMatch<["scale", "bias", "mean", "rstd"]>]> {
  let summary = "what batch_norm made of its input, once more";
  let description = [{
    `y = fma((x - mean) * rstd, scale, bias)` with the mean and rstd that batch_norm found, so that nobody has to keep y.
    `stored`, if there, is a value that is kept all the same and that is positive where y is: whoever asks for nothing else
    may read it instead, which is for `nn-map` to decide. Constraints: batch_norm_c1 and
    - batch_norm_apply_c1: stored, if there, has the shape of x
  }];
  let arguments = !con((ins NN_Channels:$x, NN_Vector:$scale, NN_Vector:$bias, NN_Vector:$mean, NN_Vector:$rstd,
                            Optional<NN_Channels>:$stored), NN_ScheduledAttributes);
  let results = (outs NN_Channels:$y);
  let assemblyFormat = [{
    $x `,` $scale `,` $bias `,` $mean `,` $rstd (`stored` $stored^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_BatchNormGradOp : NN_PixelReductionOp<"batch_norm_grad", [NN_Composite, AllShapesMatch<["gy", "x", "gx"]>,
    AllTypesMatch<["scale", "mean", "rstd", "gscale", "gbias"]>]> {
  let summary = "gradient of batch_norm with respect to input, scale and bias";
  let description = [{
    mean and rstd are the results of the forward operation. Constraints: batch_norm_c1, batch_norm_c2.
  }];
  let arguments = !con((ins NN_Channels:$gy, NN_Channels:$x, NN_Vector:$scale, NN_Vector:$mean, NN_Vector:$rstd),
                       NN_PlannedAttributes);
  let results = (outs NN_Channels:$gx, NN_Vector:$gscale, NN_Vector:$gbias);
  let assemblyFormat = [{
    $gy `,` $x `,` $scale `,` $mean `,` $rstd attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_LayerNormOp : NN_Op<"layer_norm", [NN_ScheduledOpInterface, NN_Composite, NN_Differentiable,
    AllShapesMatch<["x", "y"]>, AllTypesMatch<["scale", "bias"]>, AllTypesMatch<["mean", "rstd"]>]> {
  let summary = "normalisation of every row by its own statistics";
  let description = [{
    `y = fma((x - mean) * rstd, scale, bias)` with one mean and one rstd = 1/sqrt(variance + epsilon) per row; the
    variance is the biased one, of squared differences from the mean.

    - layer_norm_c1: scale is as long as a row
    - layer_norm_c2: there is one mean and one rstd per row
    - layer_norm_c3: epsilon is positive
  }];
  let arguments = !con((ins NN_Matrix:$x, NN_Vector:$scale, NN_Vector:$bias, F32Attr:$epsilon), NN_ScheduledAttributes);
  let results = (outs NN_Matrix:$y, NN_Vector:$mean, NN_Vector:$rstd);
  let assemblyFormat = [{
    $x `,` $scale `,` $bias `epsilon` $epsilon attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_LayerNormGradOp : NN_Op<"layer_norm_grad", [NN_ScheduledOpInterface, NN_Composite, NN_Reduction,
    AllShapesMatch<["gy", "x", "gx"]>, AllTypesMatch<["scale", "gscale", "gbias"]>, AllTypesMatch<["mean", "rstd"]>]> {
  let summary = "gradient of layer_norm with respect to input, scale and bias";
  let description = [{
    mean and rstd are the results of the forward operation. Constraints: layer_norm_c1, layer_norm_c2.
  }];
  let arguments = !con((ins NN_Matrix:$gy, NN_Matrix:$x, NN_Vector:$scale, NN_Vector:$mean, NN_Vector:$rstd),
                       NN_PlannedAttributes);
  let results = (outs NN_Matrix:$gx, NN_Vector:$gscale, NN_Vector:$gbias);
  let assemblyFormat = [{
    $gy `,` $x `,` $scale `,` $mean `,` $rstd attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_BatchNormGradSumsOp : NN_PixelReductionOp<"batch_norm_grad_sums", [NN_Composite, AllShapesMatch<["gy", "x"]>,
    AllTypesMatch<["mean", "rstd", "gscale", "gbias"]>]> {
  let summary = "the part of batch_norm_grad that sums over pixels";
  let description = [{
    Gradients with respect to scale and bias. Constraints: batch_norm_c1, batch_norm_c2.
  }];
  let arguments = !con((ins NN_Channels:$gy, NN_Channels:$x, NN_Vector:$mean, NN_Vector:$rstd), NN_PlannedAttributes);
  let results = (outs NN_Vector:$gscale, NN_Vector:$gbias);
  let assemblyFormat = "$gy `,` $x `,` $mean `,` $rstd attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_BatchNormGradApplyOp : NN_Op<"batch_norm_grad_apply",
    [NN_ScheduledOpInterface, NN_Elementwise, AllShapesMatch<["gy", "x", "gx"]>,
     AllTypesMatch<["scale", "mean", "rstd", "gscale", "gbias"]>]> {
  let summary = "the part of batch_norm_grad that does not sum: the gradient with respect to the input";
  let description = [{
    gscale and gbias are the results of batch_norm_grad_sums. Constraint: batch_norm_c1.
  }];
  let arguments = !con((ins NN_Channels:$gy, NN_Channels:$x, NN_Vector:$scale, NN_Vector:$mean, NN_Vector:$rstd,
                            NN_Vector:$gscale, NN_Vector:$gbias), NN_ScheduledAttributes);
  let results = (outs NN_Channels:$gx);
  let assemblyFormat = [{
    $gy `,` $x `,` $scale `,` $mean `,` $rstd `,` $gscale `,` $gbias attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_ChannelMomentsOp : NN_PixelReductionOp<"channel_moments", [NN_Composite,
    AllTypesMatch<["first", "sum", "squares"]>]> {
  let summary = "statistics of one pass over all dimensions but the last";
  let description = [{
    `first` is the sum of the first m pixels: those of the first row of the first image, sixteen at most. `sum` and
    `squares` are those of all differences from their mean, `x - first / m`. So nothing cancels that is large against the
    deviation: the relative error of a variance grows by a factor of at most pixels / m, and by about 1 where the first
    pixels are like the others. Constraint:
    - channel_moments_c1: results are as long as the last dimension of x, which has more than one pixel
  }];
  let arguments = !con((ins NN_Channels:$x), NN_PlannedAttributes);
  let results = (outs NN_Vector:$first, NN_Vector:$sum, NN_Vector:$squares);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_ChannelSumOp : NN_PixelReductionOp<"channel_sum", [NN_Structured]> {
  let summary = "sum over all dimensions but the last";
  let description = [{
    - channel_sum_c1: the result is as long as the last dimension of x
  }];
  let arguments = !con((ins NN_Channels:$x), NN_PlannedAttributes);
  let results = (outs NN_Vector:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def NN_AxisSumOp : NN_PixelReductionOp<"axis_sum", [NN_Structured, NN_Differentiable]> {
  let summary = "sum over the middle one of three dimensions";
  let description = [{
    - axis_sum_c1: the result has the first and the last dimension of x
  }];
  let arguments = !con((ins NN_Cube:$x), NN_PlannedAttributes);
  let results = (outs NN_Matrix:$y);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // ARSIS_NN_REDUCTION_OPS
