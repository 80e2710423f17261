// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, structures and gradients of the reductions over pixels and over rows.

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
  if (getSum() && shapeOf(getSum()) != shapeOf(getScale()))
    return violates(*this, "batch_norm_c5", "a sum of " + Twine(shapeOf(getScale())[0]) + " elements",
                    Twine(shapeOf(getSum())[0]));
  return success();
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

LogicalResult ChannelSumOp::verify() {
  if (shapeOf(getX()).back() != shapeOf(getY())[0])
    return violates(*this, "channel_sum_c1", "a result of " + Twine(shapeOf(getX()).back()) + " elements",
                    Twine(shapeOf(getY())[0]));
  return success();
}

static LogicalResult verifyRows(Operation *op, Value x, Value scale, Value mean) {
  if (shapeOf(x)[1] != shapeOf(scale)[0])
    return violates(op, "layer_norm_c1", "scale of " + Twine(shapeOf(x)[1]) + " elements",
                    Twine(shapeOf(scale)[0]));
  if (shapeOf(x)[0] != shapeOf(mean)[0])
    return violates(op, "layer_norm_c2", "a mean for each of " + Twine(shapeOf(x)[0]) + " rows",
                    Twine(shapeOf(mean)[0]));
  return success();
}

LogicalResult LayerNormOp::verify() {
  if (failed(verifyRows(*this, getX(), getScale(), getMean())))
    return failure();
  const APFloat epsilon = getEpsilon();
  if (!epsilon.isFinite() || epsilon.isNegative() || epsilon.isZero())
    return violates(*this, "layer_norm_c3", "epsilon to be positive",
                    std::to_string(epsilon.convertToDouble()));
  return success();
}

LogicalResult LayerNormGradOp::verify() { return verifyRows(*this, getX(), getScale(), getMean()); }

// Dimensions, state, steps on the vector unit

static SmallVector<ReductionDim> pixelDims(Value x) {
  ArrayRef<int64_t> leading = shapeOf(x).drop_back();
  return {{"p", std::accumulate(leading.begin(), leading.end(), int64_t(1), std::multiplies<>())}};
}

SmallVector<ReductionDim> BatchNormOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> BatchNormGradOp::getReductionDims() { return pixelDims(getX()); }
SmallVector<ReductionDim> ChannelSumOp::getReductionDims() { return pixelDims(getX()); }

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

std::vector<Part> BatchNormOp::getParts() {
  using numerics::VectorFunction;
  enum Operands { X, Scale, Bias, RunningMean, RunningVar, Sum };
  const int Y = static_cast<int>(getNumOperands()), Mean = Y + 1, Rstd = Y + 2, NewRunningMean = Y + 3,
            NewRunningVar = Y + 4;
  const double pixels = pixelDims(getX())[0].size;
  const float momentum = getMomentum().convertToFloat(), epsilon = getEpsilon().convertToFloat();
  const float keep = 1.0f - momentum;
  const Access channel = accessOf({0});

  Structure mean = getSum() ? overElements(shapeOf(getSum())) : sumOverPixels(shapeOf(getX()));
  mean.operands = {getSum() ? channel : pixelsOf(mean), channel};
  if (!getSum())
    mean.terms = {0};
  mean.after = {{VectorFunction::Scale, {getSum() ? Input(0) : Input::combined()}, 1.0 / pixels},
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

  Structure normalised = overElements(shapeOf(getX()));
  const Access perChannel = channelOf(normalised);
  normalised.operands = {elementsOf(normalised), perChannel, perChannel, perChannel, perChannel};
  normalised.after = {{VectorFunction::Subtract, {0, 1}},
                      {VectorFunction::Multiply, {~0, 2}},
                      {VectorFunction::Fma, {~1, 3, 4}}};
  normalised.results = {elementsOf(normalised)};
  normalised.resultOf = {~2};

  return {{mean, {getSum() ? Sum : X, RunningMean}, {Mean, NewRunningMean}},
          {deviation, {X, Mean, RunningVar}, {Rstd, NewRunningVar}},
          {normalised, {X, Mean, Rstd, Scale, Bias}, {Y}}};
}

std::vector<Part> BatchNormGradOp::getParts() {
  using numerics::VectorFunction;
  enum Values { GY, X, Scale, Mean, Rstd, GX, GScale, GBias };
  const double pixels = pixelDims(getX())[0].size;
  const Access channel = accessOf({0});

  Structure biasGradient = sumOverPixels(shapeOf(getX()));
  biasGradient.operands = {pixelsOf(biasGradient)};
  biasGradient.terms = {0};
  biasGradient.results = {channel};
  biasGradient.resultOf = {Input::combined()};

  Structure scaleGradient = sumOverPixels(shapeOf(getX()));
  scaleGradient.operands = {pixelsOf(scaleGradient), pixelsOf(scaleGradient), channel, channel};
  scaleGradient.before = {{VectorFunction::Subtract, {1, 2}},
                          {VectorFunction::Multiply, {~0, 3}},
                          {VectorFunction::Multiply, {0, ~1}}};
  scaleGradient.terms = {~2};
  scaleGradient.results = {channel};
  scaleGradient.resultOf = {Input::combined()};

  // ((gy - mean(gy)) - normalised * mean(gy * normalised)) * (scale * rstd)
  Structure gradient = overElements(shapeOf(getX()));
  const Access element = elementsOf(gradient), perChannel = channelOf(gradient);
  enum Operand { OGY, OX, OMean, ORstd, OScale, OGBias, OGScale };
  gradient.operands = {element, element, perChannel, perChannel, perChannel, perChannel, perChannel};
  gradient.after = {{VectorFunction::Multiply, {OScale, ORstd}},
                    {VectorFunction::Scale, {OGBias}, 1.0 / pixels},
                    {VectorFunction::Scale, {OGScale}, 1.0 / pixels},
                    {VectorFunction::Subtract, {OX, OMean}},
                    {VectorFunction::Multiply, {~3, ORstd}},
                    {VectorFunction::Multiply, {~4, ~2}},
                    {VectorFunction::Subtract, {OGY, ~1}},
                    {VectorFunction::Subtract, {~6, ~5}},
                    {VectorFunction::Multiply, {~7, ~0}}};
  gradient.results = {element};
  gradient.resultOf = {~8};

  return {{biasGradient, {GY}, {GBias}},
          {scaleGradient, {GY, X, Mean, Rstd}, {GScale}},
          {gradient, {GY, X, Mean, Rstd, Scale, GBias, GScale}, {GX}}};
}

SmallVector<ReductionDim> LayerNormGradOp::getReductionDims() { return {{"n", shapeOf(getX())[0]}}; }

// Rows n of elements k; one value per row is a sum over its elements, one per element a sum over rows, which
// a plan cuts.
enum { N, K };
static Structure rowsOf(Value matrix) {
  Structure s;
  s.domain = {{"n", shapeOf(matrix)[0]}, {"k", shapeOf(matrix)[1]}};
  return s;
}
static Structure sumOfEachRow(Value matrix) {
  Structure s = rowsOf(matrix);
  s.combine = Combine::Sum;
  s.reduction.inside = {{K}};
  s.reduction.how = How::Tree;
  s.results = {accessOf({N})};
  return s;
}
static Structure sumOverRows(Value matrix) {
  Structure s;
  s.domain = {{"k", shapeOf(matrix)[1]}, {"n", shapeOf(matrix)[0]}};
  s.combine = Combine::Sum;
  s.reduction = cutEach(s.domain, {1}, {1});
  s.reduction.how = How::Tree;
  s.results = {accessOf({0})};
  return s;
}

std::vector<Part> LayerNormOp::getParts() {
  using numerics::VectorFunction;
  enum Values { X, Scale, Bias, Y, Mean, Rstd };
  const double inverse = 1.0 / double(shapeOf(getX())[1]);
  const Access element = accessOf({N, K}), row = accessOf({N}), column = accessOf({K});

  Structure mean = sumOfEachRow(getX());
  mean.operands = {element};
  mean.terms = {0};
  mean.after = {{VectorFunction::Scale, {Input::combined()}, inverse}};
  mean.resultOf = {~0};

  Structure deviation = sumOfEachRow(getX());
  deviation.operands = {element, row};
  deviation.before = {{VectorFunction::Subtract, {0, 1}}, {VectorFunction::Multiply, {~0, ~0}}};
  deviation.terms = {~1};
  deviation.after = {{VectorFunction::Scale, {Input::combined()}, inverse},
                     {VectorFunction::Offset, {~0}, getEpsilon().convertToFloat()},
                     {VectorFunction::Rsqrt, {~1}}};
  deviation.resultOf = {~2};

  Structure normalised = rowsOf(getX());
  normalised.operands = {element, row, row, column, column};
  normalised.after = {{VectorFunction::Subtract, {0, 1}},
                      {VectorFunction::Multiply, {~0, 2}},
                      {VectorFunction::Fma, {~1, 3, 4}}};
  normalised.results = {element};
  normalised.resultOf = {~2};

  return {
      {mean, {X}, {Mean}}, {deviation, {X, Mean}, {Rstd}}, {normalised, {X, Mean, Rstd, Scale, Bias}, {Y}}};
}

std::vector<Part> LayerNormGradOp::getParts() {
  using numerics::VectorFunction;
  enum Values { GY, X, Scale, Mean, Rstd, GX, GScale, GBias };
  enum Inner { Normalised = ~0, Scaled = ~1, MeanGradient = ~2, MeanProduct = ~3 };
  const double inverse = 1.0 / double(shapeOf(getX())[1]);
  const Access element = accessOf({N, K}), row = accessOf({N}), column = accessOf({K});

  Structure normalised = rowsOf(getX()); // and gy * scale
  normalised.operands = {element, row, row, element, column};
  normalised.after = {{VectorFunction::Subtract, {0, 1}},
                      {VectorFunction::Multiply, {~0, 2}},
                      {VectorFunction::Multiply, {3, 4}}};
  normalised.results = {element, element};
  normalised.resultOf = {~1, ~2};

  Structure biasGradient = sumOverRows(getX());
  biasGradient.operands = {accessOf({1, 0})};
  biasGradient.terms = {0};
  biasGradient.resultOf = {Input::combined()};

  Structure scaleGradient = sumOverRows(getX());
  scaleGradient.operands = {accessOf({1, 0}), accessOf({1, 0})};
  scaleGradient.before = {{VectorFunction::Multiply, {0, 1}}};
  scaleGradient.terms = {~0};
  scaleGradient.resultOf = {Input::combined()};

  Structure meanGradient = sumOfEachRow(getX());
  meanGradient.operands = {element};
  meanGradient.terms = {0};
  meanGradient.after = {{VectorFunction::Scale, {Input::combined()}, inverse}};
  meanGradient.resultOf = {~0};

  Structure meanProduct = sumOfEachRow(getX());
  meanProduct.operands = {element, element};
  meanProduct.before = {{VectorFunction::Multiply, {0, 1}}};
  meanProduct.terms = {~0};
  meanProduct.after = {{VectorFunction::Scale, {Input::combined()}, inverse}};
  meanProduct.resultOf = {~0};

  // ((gy * scale - mean(gy * scale)) - normalised * mean(gy * scale * normalised)) * rstd
  Structure gradient = rowsOf(getX());
  gradient.operands = {element, row, element, row, row};
  gradient.after = {{VectorFunction::Subtract, {0, 1}},
                    {VectorFunction::Multiply, {2, 3}},
                    {VectorFunction::Subtract, {~0, ~1}},
                    {VectorFunction::Multiply, {~2, 4}}};
  gradient.results = {element};
  gradient.resultOf = {~3};

  return {{normalised, {X, Mean, Rstd, GY, Scale}, {Normalised, Scaled}},
          {biasGradient, {GY}, {GBias}},
          {scaleGradient, {GY, Normalised}, {GScale}},
          {meanGradient, {Scaled}, {MeanGradient}},
          {meanProduct, {Scaled, Normalised}, {MeanProduct}},
          {gradient, {Scaled, MeanGradient, Normalised, MeanProduct, Rstd}, {GX}}};
}

SmallVector<std::pair<unsigned, unsigned>> BatchNormOp::getStateUpdates() { return {{3, 3}, {4, 4}}; }

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

LogicalResult LayerNormOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(getNumOperands(), Value());
  if (resultGrads[1] || resultGrads[2])
    return emitOpError()
           << "cannot pass on a gradient of its results 'mean' and 'rstd', expected the loss to "
              "depend on 'y' only";
  auto grad = LayerNormGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                                      getScale().getType(), getScale().getType(), resultGrads[0], getX(),
                                      getScale(), getMean(), getRstd(), nullptr, nullptr);
  for (int operand = 0; operand < 3; ++operand)
    if (operandNeedsGrad[operand])
      operandGrads[operand] = grad->getResult(operand);
  return success();
}
