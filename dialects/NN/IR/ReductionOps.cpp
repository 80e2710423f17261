// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the reductions over pixels.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"

using namespace mlir;
using namespace arsis::nn;

static LogicalResult verifyChannels(Operation *op, Value x, Value scale) {
  if (shapeOf(x).back() != shapeOf(scale)[0])
    return violates(op, "batch_norm_c1", "scale of " + Twine(shapeOf(x).back()) + " elements",
                    Twine(shapeOf(scale)[0]));
  return success();
}

static LogicalResult verifyPixels(Operation *op, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  if (type.getNumElements() / std::max<int64_t>(type.getShape().back(), 1) < 2)
    return violates(op, "batch_norm_c2", "more than one pixel to take statistics of", toText(type.getShape()));
  return success();
}

static LogicalResult verifyEpsilon(Operation *op, const APFloat &epsilon) {
  if (!epsilon.isFinite() || epsilon.isNegative() || epsilon.isZero())
    return violates(op, "batch_norm_c3", "epsilon to be positive", std::to_string(epsilon.convertToDouble()));
  return success();
}

LogicalResult BatchNormOp::verify() {
  if (failed(verifyChannels(*this, getX(), getScale())) || failed(verifyPixels(*this, getX())) ||
      failed(verifyEpsilon(*this, getEpsilon())))
    return failure();
  double momentum = getMomentum().convertToDouble();
  if (!(momentum >= 0 && momentum <= 1))
    return violates(*this, "batch_norm_c4", "momentum in [0, 1]", std::to_string(momentum));
  return success();
}

LogicalResult BatchNormInferenceOp::verify() {
  return success(succeeded(verifyChannels(*this, getX(), getScale())) &&
                 succeeded(verifyEpsilon(*this, getEpsilon())));
}

LogicalResult BatchNormGradOp::verify() {
  return success(succeeded(verifyChannels(*this, getX(), getScale())) && succeeded(verifyPixels(*this, getX())));
}

LogicalResult ChannelSumOp::verify() {
  if (shapeOf(getX()).back() != shapeOf(getY())[0])
    return violates(*this, "channel_sum_c1", "a result of " + Twine(shapeOf(getX()).back()) + " elements",
                    Twine(shapeOf(getY())[0]));
  return success();
}
