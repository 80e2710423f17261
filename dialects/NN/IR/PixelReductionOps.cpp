// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, structures and gradients of the reductions over pixels.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

#include <numeric>

using namespace mlir;
using namespace arsis::nn;
using arsis::numerics::VectorFunction;

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

template <class Norm> static LogicalResult verifyStatistics(Norm norm) {
  if (failed(verifyEpsilon(norm, norm.getEpsilon())))
    return failure();
  double momentum = norm.getMomentum().convertToDouble();
  if (!(momentum >= 0 && momentum <= 1))
    return violates(norm, "batch_norm_c4", "momentum in [0, 1]", std::to_string(momentum));
  return success();
}
template <class Norm> static LogicalResult verifyTraining(Norm norm) {
  if (failed(verifyChannels(norm, norm.getX(), norm.getScale())) || failed(verifyPixels(norm, norm.getX())))
    return failure();
  return verifyStatistics(norm);
}

LogicalResult BatchNormOp::verify() { return verifyTraining(*this); }
LogicalResult BatchNormOfMomentsOp::verify() { return verifyTraining(*this); }
LogicalResult BatchNormStatisticsOp::verify() {
  const auto pixels = int64_t(getPixels()), first = int64_t(getFirstPixels());
  if (pixels < 2 || first < 1 || first > pixels)
    return violates(*this, "batch_norm_statistics_c1", "first pixels among more than one",
                    std::to_string(first) + " of " + std::to_string(pixels));
  return verifyStatistics(*this);
}

LogicalResult BatchNormInferenceOp::verify() {
  return success(succeeded(verifyChannels(*this, getX(), getScale())) &&
                 succeeded(verifyEpsilon(*this, getEpsilon())));
}

LogicalResult BatchNormApplyOp::verify() {
  if (getStored() && shapeOf(getStored()) != shapeOf(getX()))
    return violates(*this, "batch_norm_apply_c1", "a stored value of the shape of x", "another shape");
  return verifyChannels(*this, getX(), getScale());
}

LogicalResult BatchNormGradOp::verify() {
  return success(succeeded(verifyChannels(*this, getX(), getScale())) &&
                 succeeded(verifyPixels(*this, getX())));
}

LogicalResult BatchNormGradSumsOp::verify() {
  return success(succeeded(verifyChannels(*this, getX(), getMean())) &&
                 succeeded(verifyPixels(*this, getX())));
}

LogicalResult BatchNormGradApplyOp::verify() { return verifyChannels(*this, getX(), getScale()); }

LogicalResult ChannelMomentsOp::verify() {
  if (shapeOf(getX()).back() != shapeOf(getSum())[0])
    return violates(*this, "channel_moments_c1", "results of " + Twine(shapeOf(getX()).back()) + " elements",
                    Twine(shapeOf(getSum())[0]));
  return verifyPixels(*this, getX());
}

LogicalResult ChannelSumOp::verify() {
  if (shapeOf(getX()).back() != shapeOf(getY())[0])
    return violates(*this, "channel_sum_c1", "a result of " + Twine(shapeOf(getX()).back()) + " elements",
                    Twine(shapeOf(getY())[0]));
  return success();
}

LogicalResult AxisSumOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX());
  if (shapeOf(getY()) != ArrayRef<int64_t>{x[0], x[2]})
    return violates(*this, "axis_sum_c1", "a result of shape " + toText({x[0], x[2]}),
                    toText(shapeOf(getY())));
  return success();
}

// Dimensions, state, steps on the vector unit

static SmallVector<ReductionDim> pixelDims(Value x) {
  ArrayRef<int64_t> leading = shapeOf(x).drop_back();
  return {{"p", std::accumulate(leading.begin(), leading.end(), int64_t(1), std::multiplies<>())}};
}

SmallVector<ReductionDim> BatchNormOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> BatchNormGradOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> BatchNormGradSumsOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> ChannelMomentsOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> ChannelSumOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> AxisSumOp::getReductionDims() { return {{"p", shapeOf(getX())[1]}}; }

// A sum over all dimensions but the last, in chunks of pixels. Dimension 0 is the channel, the pixels follow.
static Structure sumOverPixels(ArrayRef<int64_t> x) {
  Structure s;
  s.domain = {{"c", x.back()}};
  s.reduction.chunks = {{"p", {}}};
  for (Dimension &dimension : dimensionsOf(x.drop_back())) {
    const int number = s.domain.size();
    s.domain.push_back(std::move(dimension));
    s.reduction.chunks[0].dimensions.push_back(number);
    s.reduction.inside.push_back({number});
  }
  s.combine = Combine::Sum;
  s.reduction.how = How::Tree;
  return s;
}
static Access pixelsOf(const Structure &sum) {
  std::vector<int> all = sum.reduction.chunks[0].dimensions;
  all.push_back(0);
  return accessOf(all);
}

// The parallel dimensions are those of x; access to what has one element per channel.
static Structure overElements(ArrayRef<int64_t> x) {
  Structure s;
  s.domain = dimensionsOf(x);
  return s;
}
static Access elementsOf(const Structure &map) {
  std::vector<int> all(map.domain.size());
  std::iota(all.begin(), all.end(), 0);
  return accessOf(all);
}
static Access channelOf(const Structure &map) { return accessOf({static_cast<int>(map.domain.size()) - 1}); }

Structure ChannelSumOp::getStructure() {
  Structure s = sumOverPixels(shapeOf(getX()));
  s.operands = {pixelsOf(s)};
  s.results = {accessOf({0})};
  s.terms = {0};
  s.resultOf = {Input::combined()};
  return s;
}

Structure AxisSumOp::getStructure() {
  ArrayRef<int64_t> x = shapeOf(getX());
  Structure s;
  s.domain = {{"o", x[0]}, {"c", x[2]}, {"p", x[1]}};
  s.operands = {accessOf({0, 2, 1})};
  s.results = {accessOf({0, 1})};
  s.combine = Combine::Sum;
  s.terms = {0};
  s.reduction = cutEach(s.domain, {2}, {2});
  s.reduction.how = How::Tree;
  s.resultOf = {Input::combined()};
  return s;
}

int64_t arsis::nn::firstPixels(Value x) {
  constexpr int64_t kMost = 16; // as many as a tree has partials
  return std::min(kMost, *(shapeOf(x).rbegin() + 1));
}

std::vector<Part> ChannelMomentsOp::getParts() {
  enum Values { X, First, Sum, Squares };
  const ArrayRef<int64_t> x = shapeOf(getX());
  const int64_t count = firstPixels(getX());
  const Access channel = accessOf({0});

  Structure first;
  first.domain = {{"c", x.back()}, {"p", count}};
  first.operands = {Access{std::vector<Index>(x.size())}};
  first.operands[0].indices[x.size() - 2] = {{{1}}};
  first.operands[0].indices[x.size() - 1] = {{{0}}};
  first.combine = Combine::Sum;
  first.reduction.inside = {{1}};
  first.reduction.how = How::Tree;
  first.terms = {0};
  first.results = {channel};
  first.resultOf = {Input::combined()};

  Structure sum = sumOverPixels(x);
  sum.operands = {pixelsOf(sum), channel};
  sum.before = {{VectorFunction::ScaleAdd, {1, 0}, -1.0 / double(count)}};
  sum.terms = {~0};
  sum.results = {channel};
  sum.resultOf = {Input::combined()};

  Structure squares = sum;
  squares.before.push_back({VectorFunction::Multiply, {~0, ~0}});
  squares.terms = {~1};

  return {{first, {X}, {First}}, {sum, {X, First}, {Sum}}, {squares, {X, First}, {Squares}}};
}

/// y of batch norms, from x, mean, rstd, scale and bias.
static Structure normalise(ArrayRef<int64_t> x) {
  Structure normalised = overElements(x);
  const Access perChannel = channelOf(normalised);
  normalised.operands = {elementsOf(normalised), perChannel, perChannel, perChannel, perChannel};
  normalised.after = {{VectorFunction::Subtract, {0, 1}},
                      {VectorFunction::Multiply, {~0, 2}},
                      {VectorFunction::Fma, {~1, 3, 4}}};
  normalised.results = {elementsOf(normalised)};
  normalised.resultOf = {~2};
  return normalised;
}

/// Mean and running mean, from the moments `first` and `sum` and the running mean; rstd and running variance,
/// from `sum`, `squares` and the running variance.
template <class Norm>
static std::pair<Structure, Structure> statisticsOfMoments(Norm norm, double pixels, double firstPixels) {
  const float momentum = norm.getMomentum().convertToFloat(), keep = 1.0f - momentum;
  const Access channel = accessOf({0});
  Structure mean = overElements(shapeOf(norm.getMean())), deviation = mean;
  mean.operands = {channel, channel, channel};
  mean.after = {{VectorFunction::Scale, {1}, 1.0 / pixels},
                {VectorFunction::ScaleAdd, {0, ~0}, 1.0 / firstPixels},
                {VectorFunction::Scale, {2}, keep},
                {VectorFunction::ScaleAdd, {~1, ~2}, momentum}};
  mean.results = {channel, channel};
  mean.resultOf = {~1, ~3};
  deviation.operands = {channel, channel, channel};
  deviation.after = {{VectorFunction::Scale, {1}, 1.0 / pixels},
                     {VectorFunction::Scale, {0}, 1.0 / pixels},
                     {VectorFunction::Multiply, {~1, ~1}},
                     {VectorFunction::Subtract, {~0, ~2}},
                     {VectorFunction::Relu, {~3}}, // a difference of equals may round below zero
                     {VectorFunction::Offset, {~4}, norm.getEpsilon().convertToFloat()},
                     {VectorFunction::Rsqrt, {~5}},
                     {VectorFunction::Scale, {~4}, pixels / (pixels - 1)},
                     {VectorFunction::Scale, {2}, keep},
                     {VectorFunction::ScaleAdd, {~7, ~8}, momentum}};
  deviation.results = {channel, channel};
  deviation.resultOf = {~6, ~9};
  return {mean, deviation};
}

std::vector<Part> BatchNormStatisticsOp::getParts() {
  enum Values { RunningMean, RunningVar, First, Sum, Squares, Mean, Rstd, NewRunningMean, NewRunningVar };
  auto [mean, deviation] = statisticsOfMoments(*this, double(getPixels()), double(getFirstPixels()));
  return {{mean, {First, Sum, RunningMean}, {Mean, NewRunningMean}},
          {deviation, {Sum, Squares, RunningVar}, {Rstd, NewRunningVar}}};
}

std::vector<Part> BatchNormOfMomentsOp::getParts() {
  enum Values { X, Scale, Bias, RunningMean, RunningVar, First, Sum, Squares };
  enum Results { Y = Squares + 1, Mean, Rstd, NewRunningMean, NewRunningVar };
  auto [mean, deviation] =
      statisticsOfMoments(*this, double(pixelDims(getX())[0].size), double(firstPixels(getX())));
  return {{mean, {First, Sum, RunningMean}, {Mean, NewRunningMean}},
          {deviation, {Sum, Squares, RunningVar}, {Rstd, NewRunningVar}},
          {normalise(shapeOf(getX())), {X, Mean, Rstd, Scale, Bias}, {Y}}};
}

std::vector<Part> BatchNormOp::getParts() {
  enum Values { X, Scale, Bias, RunningMean, RunningVar, Y, Mean, Rstd, NewRunningMean, NewRunningVar };
  const double pixels = pixelDims(getX())[0].size;
  const float momentum = getMomentum().convertToFloat(), epsilon = getEpsilon().convertToFloat();
  const float keep = 1.0f - momentum;
  const Access channel = accessOf({0});

  Structure mean = sumOverPixels(shapeOf(getX()));
  mean.operands = {pixelsOf(mean), channel};
  mean.terms = {0};
  mean.after = {{VectorFunction::Scale, {Input::combined()}, 1.0 / pixels},
                {VectorFunction::Scale, {1}, keep},
                {VectorFunction::ScaleAdd, {~0, ~1}, momentum}};
  mean.results = {channel, channel};
  mean.resultOf = {~0, ~2};

  // The variance of the batch normalises, the unbiased one is remembered.
  Structure deviation = sumOverPixels(shapeOf(getX()));
  deviation.operands = {pixelsOf(deviation), channel, channel};
  deviation.before = {{VectorFunction::Subtract, {0, 1}}, {VectorFunction::Multiply, {~0, ~0}}};
  deviation.terms = {~1};
  deviation.after = {{VectorFunction::Scale, {Input::combined()}, 1.0 / pixels},
                     {VectorFunction::Offset, {~0}, epsilon},
                     {VectorFunction::Rsqrt, {~1}},
                     {VectorFunction::Scale, {Input::combined()}, 1.0 / (pixels - 1)},
                     {VectorFunction::Scale, {2}, keep},
                     {VectorFunction::ScaleAdd, {~3, ~4}, momentum}};
  deviation.results = {channel, channel};
  deviation.resultOf = {~2, ~5};

  return {{mean, {X, RunningMean}, {Mean, NewRunningMean}},
          {deviation, {X, Mean, RunningVar}, {Rstd, NewRunningVar}},
          {normalise(shapeOf(getX())), {X, Mean, Rstd, Scale, Bias}, {Y}}};
}

/// The sums that are the gradients of bias and scale: of gy; of gy, x, mean and rstd.
static std::pair<Structure, Structure> gradientSums(Value x) {
  const Access channel = accessOf({0});
  Structure biasGradient = sumOverPixels(shapeOf(x));
  biasGradient.operands = {pixelsOf(biasGradient)};
  biasGradient.terms = {0};
  biasGradient.results = {channel};
  biasGradient.resultOf = {Input::combined()};

  Structure scaleGradient = sumOverPixels(shapeOf(x));
  scaleGradient.operands = {pixelsOf(scaleGradient), pixelsOf(scaleGradient), channel, channel};
  scaleGradient.before = {{VectorFunction::Subtract, {1, 2}},
                          {VectorFunction::Multiply, {~0, 3}},
                          {VectorFunction::Multiply, {0, ~1}}};
  scaleGradient.terms = {~2};
  scaleGradient.results = {channel};
  scaleGradient.resultOf = {Input::combined()};
  return {biasGradient, scaleGradient};
}

/// ((gy - mean(gy)) - normalised * mean(gy * normalised)) * (scale * rstd), of the operands of
/// batch_norm_grad_apply.
static std::vector<Step> gradientSteps(Value x) {
  const double pixels = pixelDims(x)[0].size;
  enum Operand { GY, X, Scale, Mean, Rstd, GScale, GBias };
  return {{VectorFunction::Multiply, {Scale, Rstd}},
          {VectorFunction::Scale, {GBias}, 1.0 / pixels},
          {VectorFunction::Scale, {GScale}, 1.0 / pixels},
          {VectorFunction::Subtract, {X, Mean}},
          {VectorFunction::Multiply, {~3, Rstd}},
          {VectorFunction::Multiply, {~4, ~2}},
          {VectorFunction::Subtract, {GY, ~1}},
          {VectorFunction::Subtract, {~6, ~5}},
          {VectorFunction::Multiply, {~7, ~0}}};
}

std::vector<Step> BatchNormGradApplyOp::getVectorSteps() { return gradientSteps(getX()); }

std::vector<Part> BatchNormGradSumsOp::getParts() {
  enum Values { GY, X, Mean, Rstd, GScale, GBias };
  auto [biasGradient, scaleGradient] = gradientSums(getX());
  return {{biasGradient, {GY}, {GBias}}, {scaleGradient, {GY, X, Mean, Rstd}, {GScale}}};
}

std::vector<Part> BatchNormGradOp::getParts() {
  enum Values { GY, X, Scale, Mean, Rstd, GX, GScale, GBias };
  auto [biasGradient, scaleGradient] = gradientSums(getX());

  Structure gradient = overElements(shapeOf(getX()));
  const Access element = elementsOf(gradient), perChannel = channelOf(gradient);
  gradient.operands = {element, element, perChannel, perChannel, perChannel, perChannel, perChannel};
  gradient.after = gradientSteps(getX());
  gradient.results = {element};
  gradient.resultOf = {~8};

  return {{biasGradient, {GY}, {GBias}},
          {scaleGradient, {GY, X, Mean, Rstd}, {GScale}},
          {gradient, {GY, X, Scale, Mean, Rstd, GScale, GBias}, {GX}}};
}

SmallVector<std::pair<unsigned, unsigned>> BatchNormOp::getStateUpdates() { return {{3, 3}, {4, 4}}; }
SmallVector<std::pair<unsigned, unsigned>> BatchNormOfMomentsOp::getStateUpdates() {
  return {{3, 3}, {4, 4}};
}
SmallVector<std::pair<unsigned, unsigned>> BatchNormStatisticsOp::getStateUpdates() {
  return {{0, 2}, {1, 3}};
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
