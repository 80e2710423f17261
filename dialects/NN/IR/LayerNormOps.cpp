// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, structures and gradients of the normalisation of rows.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

using namespace mlir;
using namespace arsis::nn;

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
