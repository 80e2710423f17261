// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, structures and gradients of the reductions over pixels.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

#include <numeric>

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
    return violates(op, "batch_norm_c2", "more than one pixel to take statistics of",
                    toText(type.getShape()));
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
  return success(succeeded(verifyChannels(*this, getX(), getScale())) &&
                 succeeded(verifyPixels(*this, getX())));
}

LogicalResult ChannelSumOp::verify() {
  if (shapeOf(getX()).back() != shapeOf(getY())[0])
    return violates(*this, "channel_sum_c1", "a result of " + Twine(shapeOf(getX()).back()) + " elements",
                    Twine(shapeOf(getY())[0]));
  return success();
}

// Dimensions, state, steps on the vector unit

static SmallVector<ReductionDim> pixelDims(Value x) {
  ArrayRef<int64_t> leading = shapeOf(x).drop_back();
  return {{"p", std::accumulate(leading.begin(), leading.end(), int64_t(1), std::multiplies<>())}};
}

SmallVector<ReductionDim> BatchNormOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> BatchNormGradOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> ChannelSumOp::getReductionDims() { return pixelDims(getX()); }

Structure ChannelSumOp::getStructure() {
  ArrayRef<int64_t> x = shapeOf(getX());
  Structure s;
  s.domain = {{"c", x.back()}};
  s.reduction.chunks = {{"p", {}}};
  std::vector<int> all;
  for (Dimension &dimension : dimensionsOf(x.drop_back())) {
    const int number = s.domain.size();
    s.domain.push_back(std::move(dimension));
    s.reduction.chunks[0].dimensions.push_back(number);
    s.reduction.inside.push_back({number});
    all.push_back(number);
  }
  all.push_back(0);
  s.operands = {accessOf(all)};
  s.results = {accessOf({0})};
  s.combine = Combine::Sum;
  s.reduction.how = How::Tree;
  s.terms = {0};
  s.resultOf = {Input::combined()};
  return s;
}

SmallVector<std::pair<unsigned, unsigned>> BatchNormOp::getStateUpdates() { return {{3, 3}, {4, 4}}; }

std::vector<Step> BatchNormInferenceOp::getVectorSteps() {
  using numerics::VectorFunction;
  enum Operand { X, Scale, Bias, Mean, Variance };
  return {{VectorFunction::Offset, {Variance}, getEpsilon().convertToFloat()},
          {VectorFunction::Rsqrt, {~0}},
          {VectorFunction::Subtract, {X, Mean}},
          {VectorFunction::Multiply, {~2, ~1}},
          {VectorFunction::Fma, {~3, Scale, Bias}}};
}

// Gradients

LogicalResult BatchNormOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(getNumOperands(), Value());
  static constexpr StringLiteral names[] = {"y", "mean", "rstd", "new_running_mean", "new_running_var"};
  for (unsigned result = 1; result < getNumResults(); ++result)
    if (resultGrads[result])
      return emitOpError() << "cannot pass on a gradient of its result '" << names[result]
                           << "', expected the loss to depend on 'y' only";
  for (unsigned operand : {3, 4})
    if (operandNeedsGrad[operand])
      return emitOpError() << "cannot give a gradient of its running statistics, expected them to be state";
  auto grad = BatchNormGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                                      getScale().getType(), getScale().getType(), resultGrads[0], getX(),
                                      getScale(), getMean(), getRstd(), nullptr, nullptr);
  for (int operand = 0; operand < 3; ++operand)
    if (operandNeedsGrad[operand])
      operandGrads[operand] = grad->getResult(operand);
  return success();
}
