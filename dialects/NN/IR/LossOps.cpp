// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers and structures of the loss and its gradient, and the rule of differentiation.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

using namespace mlir;
using namespace arsis::nn;

static LogicalResult verifyLabels(Operation *op, Value rows, Value labels) {
  if (shapeOf(rows)[0] != shapeOf(labels)[0])
    return violates(op, "loss_c1", Twine(shapeOf(rows)[0]) + " labels", Twine(shapeOf(labels)[0]));
  return success();
}

LogicalResult SoftmaxCrossEntropyOp::verify() { return verifyLabels(*this, getLogits(), getLabels()); }
LogicalResult SoftmaxCrossEntropyGradOp::verify() {
  return verifyLabels(*this, getProbabilities(), getLabels());
}

SmallVector<ReductionDim> SoftmaxCrossEntropyOp::getReductionDims() {
  return {{"n", shapeOf(getLogits())[0]}};
}

// Images by classes.
enum { N, K };
static std::vector<Dimension> imagesAndClasses(Value matrix) {
  return {{"n", shapeOf(matrix)[0]}, {"k", shapeOf(matrix)[1]}};
}

// One value per image, of the classes, which are never cut.
static Structure overClasses(Value matrix, Combine combine) {
  Structure s;
  s.domain = imagesAndClasses(matrix);
  s.combine = combine;
  s.reduction.inside = {{K}};
  s.reduction.how = How::Tree;
  s.operands = {accessOf({N, K})};
  s.terms = {0};
  return s;
}

std::vector<Part> SoftmaxCrossEntropyOp::getParts() {
  using numerics::VectorFunction;
  enum Values { Logits, Labels, Loss, Probabilities };
  enum Inner {
    Maximum = ~0,
    Shifted = ~1,
    Exponential = ~2,
    Reciprocal = ~3,
    Logarithm = ~4,
    ImageLoss = ~5
  };
  const Access image = accessOf({N}), element = accessOf({N, K});

  Structure maximum = overClasses(getLogits(), Combine::Max);
  maximum.results = {image};
  maximum.resultOf = {Input::combined()};

  Structure exponential;
  exponential.domain = imagesAndClasses(getLogits());
  exponential.operands = {element, image};
  exponential.results = {element, element};
  exponential.after = {{VectorFunction::Subtract, {0, 1}}, {VectorFunction::Exp, {~0}}};
  exponential.resultOf = {~0, ~1};

  Structure sum = overClasses(getLogits(), Combine::Sum);
  sum.after = {{VectorFunction::Reciprocal, {Input::combined()}}, {VectorFunction::Log, {Input::combined()}}};
  sum.results = {image, image};
  sum.resultOf = {~0, ~1};

  Structure probabilities;
  probabilities.domain = imagesAndClasses(getLogits());
  probabilities.operands = {element, image};
  probabilities.results = {element};
  probabilities.after = {{VectorFunction::Multiply, {0, 1}}};
  probabilities.resultOf = {~0};

  // log(sum) - shifted[label]
  Structure imageLoss = overClasses(getLogits(), Combine::Sum);
  imageLoss.operands = {image, element, image};
  imageLoss.before = {{VectorFunction::OneHot, {0, Input::index(K)}}, {VectorFunction::Multiply, {~0, 1}}};
  imageLoss.terms = {~1};
  imageLoss.after = {{VectorFunction::Subtract, {2, Input::combined()}}};
  imageLoss.results = {image};
  imageLoss.resultOf = {~0};

  Structure loss;
  loss.domain = {imagesAndClasses(getLogits())[N]};
  loss.operands = {image};
  loss.results = {Access()};
  loss.combine = Combine::Sum;
  loss.terms = {0};
  loss.reduction = cutEach(loss.domain, {N}, {N});
  loss.reduction.how = How::Tree;
  loss.after = {{VectorFunction::Scale, {Input::combined()}, 1.0 / double(loss.domain[N].extent)}};
  loss.resultOf = {~0};

  return {{maximum, {Logits}, {Maximum}},
          {exponential, {Logits, Maximum}, {Shifted, Exponential}},
          {sum, {Exponential}, {Reciprocal, Logarithm}},
          {probabilities, {Exponential, Reciprocal}, {Probabilities}},
          {imageLoss, {Labels, Shifted, Logarithm}, {ImageLoss}},
          {loss, {ImageLoss}, {Loss}}};
}

Structure SoftmaxCrossEntropyGradOp::getStructure() {
  using numerics::VectorFunction;
  enum Operand { Probabilities, Labels, LossGradient };
  Structure s;
  s.domain = imagesAndClasses(getProbabilities());
  s.operands = {accessOf({N, K}), accessOf({N}), Access()};
  s.results = {accessOf({N, K})};
  s.after = {{VectorFunction::Scale, {LossGradient}, 1.0 / double(s.domain[N].extent)},
             {VectorFunction::OneHot, {Labels, Input::index(K)}},
             {VectorFunction::Subtract, {Probabilities, ~1}},
             {VectorFunction::Multiply, {~2, ~0}}};
  s.resultOf = {~3};
  return s;
}

LogicalResult SoftmaxCrossEntropyOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                              ArrayRef<bool> operandNeedsGrad,
                                              SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (resultGrads[1])
    return emitOpError()
           << "cannot pass on a gradient of its result 'probabilities', expected one of 'loss' only";
  if (operandNeedsGrad[0])
    operandGrads[0] = SoftmaxCrossEntropyGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                                        getLogits().getType(), getProbabilities(),
                                                        getLabels(), resultGrads[0], nullptr);
  return success();
}
