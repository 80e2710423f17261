// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the pooling operations: one relation between input and output, forward and backward.

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"
#include "dialects/NN/IR/Verify.h"

using namespace mlir;
using namespace arsis::nn;

template <typename Op> static LogicalResult verifyPooling(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> y) {
  ArrayRef<int64_t> kernel = op.getKernel(), strides = op.getStrides(), pads = op.getPads();
  ArrayRef<int64_t> dilations = op.getDilations();
  if (!areAllBetween(kernel, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "pool_c1", "kernel to be 2 numbers from 1 to 2^31", toText(kernel));
  if (!areAllBetween(strides, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "pool_c2", "strides to be 2 numbers from 1 to 2^31", toText(strides));
  if (!areAllBetween(pads, 4, 0, arsis::isa::kLargestExtent))
    return violates(op, "pool_c3", "pads to be 4 numbers from 0 to 2^31", toText(pads));
  if (!areAllBetween(dilations, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "pool_c4", "dilations to be 2 numbers from 1 to 2^31", toText(dilations));
  for (int dim = 0; dim < 2; ++dim)
    if (std::max(pads[dim], pads[dim + 2]) >= dilatedKernel(kernel[dim], dilations[dim]))
      return violates(op, "pool_c5",
                      "pads smaller than the dilated kernel " +
                          Twine(dilatedKernel(kernel[dim], dilations[dim])),
                      toText(pads));
  SmallVector<int64_t, 4> floor = poolShape(x, kernel, strides, pads, dilations, /*ceilMode=*/false);
  SmallVector<int64_t, 4> ceil = poolShape(x, kernel, strides, pads, dilations, /*ceilMode=*/true);
  bool fits = y[0] == x[0] && y[3] == x[3];
  for (int dim = 1; dim <= 2; ++dim)
    fits &= y[dim] > 0 && (y[dim] == floor[dim] || y[dim] == ceil[dim]);
  if (!fits)
    return violates(op, "pool_c6",
                    "the output of the pooling to have shape " + toText(floor) + ", or " + toText(ceil) +
                        " in ceil mode",
                    toText(y));
  return success();
}

LogicalResult MaxPoolOp::verify() { return verifyPooling(*this, shapeOf(getX()), shapeOf(getY())); }
LogicalResult MaxPoolGradOp::verify() { return verifyPooling(*this, shapeOf(getX()), shapeOf(getGy())); }
LogicalResult AvgPoolOp::verify() { return verifyPooling(*this, shapeOf(getX()), shapeOf(getY())); }
LogicalResult AvgPoolGradOp::verify() { return verifyPooling(*this, shapeOf(getGx()), shapeOf(getGy())); }

// Gradients

LogicalResult MaxPoolOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = MaxPoolGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                            getX().getType(), getX(), resultGrads[0], getKernelAttr(),
                                            getStridesAttr(), getPadsAttr(), getDilationsAttr(), nullptr);
  return success();
}

LogicalResult AvgPoolOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] =
        AvgPoolGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                              resultGrads[0], getKernelAttr(), getStridesAttr(), getPadsAttr(),
                              getDilationsAttr(), getCountIncludePadAttr(), nullptr);
  return success();
}
