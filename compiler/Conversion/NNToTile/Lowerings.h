// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowerings, one per operation or family; each emits one loop nest at the emitter's place.
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_LOWERINGS_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_LOWERINGS_H

#include "compiler/Conversion/NNToTile/Emitter.h"

namespace arsis::compiler {

mlir::LogicalResult lowerConv2d(nn::Conv2dOp op, Emitter &e);
mlir::LogicalResult lowerConv2dGradInput(nn::Conv2dGradInputOp op, Emitter &e);
mlir::LogicalResult lowerConv2dGradWeight(nn::Conv2dGradWeightOp op, Emitter &e);
mlir::LogicalResult lowerMatmul(nn::MatmulOp op, Emitter &e);
/// max_pool, avg_pool and their gradients.
mlir::LogicalResult lowerPool(mlir::Operation *op, Emitter &e);
mlir::LogicalResult lowerElementwise(nn::ElementwiseOpInterface op, Emitter &e);
mlir::LogicalResult lowerChannelSum(nn::ChannelSumOp op, Emitter &e);
mlir::LogicalResult lowerBatchNorm(nn::BatchNormOp op, Emitter &e);
mlir::LogicalResult lowerBatchNormGrad(nn::BatchNormGradOp op, Emitter &e);
mlir::LogicalResult lowerSoftmaxCrossEntropy(nn::SoftmaxCrossEntropyOp op, Emitter &e);
mlir::LogicalResult lowerSoftmaxCrossEntropyGrad(nn::SoftmaxCrossEntropyGradOp op, Emitter &e);
mlir::LogicalResult lowerTranspose(nn::TransposeOp op, Emitter &e);
mlir::LogicalResult lowerReshape(nn::ReshapeOp op, Emitter &e);
mlir::LogicalResult lowerConstant(nn::ConstantOp op, Emitter &e);

/// Copies a tensor of `elements` elements through the scratchpad.
void emitCopy(Value from, Value to, Emitter &e);

} // namespace arsis::compiler

#endif
