// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers and structures of what losses are made of, and the rules of differentiation.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

using namespace mlir;
using namespace arsis::nn;
using arsis::numerics::VectorFunction;

static LogicalResult verifyLabels(Operation *op, Value rows, Value labels) {
  if (shapeOf(rows)[0] != shapeOf(labels)[0])
    return violates(op, "loss_c1", Twine(shapeOf(rows)[0]) + " labels", Twine(shapeOf(labels)[0]));
  return success();
}

LogicalResult SoftmaxCrossEntropyOp::verify() { return verifyLabels(*this, getLogits(), getLabels()); }
LogicalResult SoftmaxCrossEntropyGradOp::verify() {
  return verifyLabels(*this, getProbabilities(), getLabels());
}

LogicalResult ClassTargetsOp::verify() {
  const ArrayRef<int64_t> targets = shapeOf(getTargets());
  for (Value rows : {Value(getLabels()), Value(getMass())})
    if (shapeOf(rows)[0] != targets[0])
      return violates(*this, "class_targets_c1", Twine(targets[0]) + " labels and masses",
                      Twine(shapeOf(rows)[0]));
  if (getWeights() && shapeOf(getWeights())[0] != targets[1])
    return violates(*this, "class_targets_c2", Twine(targets[1]) + " weights",
                    Twine(shapeOf(getWeights())[0]));
  const double smoothing = getSmoothing().convertToDouble();
  if (!(smoothing >= 0 && smoothing <= 1))
    return violates(*this, "class_targets_c3", "smoothing in [0, 1]", std::to_string(smoothing));
  return success();
}

static LogicalResult verifyMass(Operation *op, Value rows, Value mass) {
  if (shapeOf(rows)[0] != shapeOf(mass)[0])
    return violates(op, "cross_entropy_c1", "a mass of " + Twine(shapeOf(rows)[0]) + " elements",
                    Twine(shapeOf(mass)[0]));
  return success();
}
LogicalResult CrossEntropyOp::verify() { return verifyMass(*this, getLogits(), getMass()); }
LogicalResult CrossEntropyGradOp::verify() { return verifyMass(*this, getTargets(), getMass()); }

SmallVector<ReductionDim> CrossEntropyOp::getReductionDims() { return {{"n", shapeOf(getLogits())[0]}}; }
SmallVector<ReductionDim> TotalOp::getReductionDims() { return {{"n", shapeOf(getX())[0]}}; }
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

namespace {
/// The inner values of both cross entropies.
enum Inner { Maximum = ~0, Shifted = ~1, Exponential = ~2, Reciprocal = ~3, Logarithm = ~4, RowLoss = ~5 };
} // namespace

/// The parts up to the probabilities, of which `Logarithm - Shifted` is the negative logarithm.
static std::vector<Part> softmaxParts(Value logits, int logitsNumber, int probabilitiesNumber) {
  const Access image = accessOf({N}), element = accessOf({N, K});

  Structure maximum = overClasses(logits, Combine::Max);
  maximum.results = {image};
  maximum.resultOf = {Input::combined()};

  Structure exponential;
  exponential.domain = imagesAndClasses(logits);
  exponential.operands = {element, image};
  exponential.results = {element, element};
  exponential.after = {{VectorFunction::Subtract, {0, 1}}, {VectorFunction::Exp, {~0}}};
  exponential.resultOf = {~0, ~1};

  Structure sum = overClasses(logits, Combine::Sum);
  sum.after = {{VectorFunction::Reciprocal, {Input::combined()}}, {VectorFunction::Log, {Input::combined()}}};
  sum.results = {image, image};
  sum.resultOf = {~0, ~1};

  Structure probabilities;
  probabilities.domain = imagesAndClasses(logits);
  probabilities.operands = {element, image};
  probabilities.results = {element};
  probabilities.after = {{VectorFunction::Multiply, {0, 1}}};
  probabilities.resultOf = {~0};

  return {{maximum, {logitsNumber}, {Maximum}},
          {exponential, {logitsNumber, Maximum}, {Shifted, Exponential}},
          {sum, {Exponential}, {Reciprocal, Logarithm}},
          {probabilities, {Exponential, Reciprocal}, {probabilitiesNumber}}};
}

/// The sum of one value per row.
static Structure totalOf(int64_t rows) {
  Structure s;
  s.domain = {{"n", rows}};
  s.operands = {accessOf({N})};
  s.results = {Access()};
  s.combine = Combine::Sum;
  s.terms = {0};
  s.reduction = cutEach(s.domain, {N}, {N});
  s.reduction.how = How::Tree;
  s.resultOf = {Input::combined()};
  return s;
}

std::vector<Part> SoftmaxCrossEntropyOp::getParts() {
  enum Values { Logits, Labels, Loss, Probabilities };
  const Access image = accessOf({N}), element = accessOf({N, K});

  // log(sum) - shifted[label]
  Structure imageLoss = overClasses(getLogits(), Combine::Sum);
  imageLoss.operands = {image, element, image};
  imageLoss.before = {{VectorFunction::OneHot, {0, Input::index(K)}}, {VectorFunction::Multiply, {~0, 1}}};
  imageLoss.terms = {~1};
  imageLoss.after = {{VectorFunction::Subtract, {2, Input::combined()}}};
  imageLoss.results = {image};
  imageLoss.resultOf = {~0};

  Structure loss = totalOf(shapeOf(getLogits())[N]);
  loss.after = {{VectorFunction::Scale, {Input::combined()}, 1.0 / double(loss.domain[N].extent)}};
  loss.resultOf = {~0};

  std::vector<Part> parts = softmaxParts(getLogits(), Logits, Probabilities);
  parts.push_back({imageLoss, {Labels, Shifted, Logarithm}, {RowLoss}});
  parts.push_back({loss, {RowLoss}, {Loss}});
  return parts;
}

std::vector<Part> CrossEntropyOp::getParts() {
  enum Values { Logits, Targets, Loss, Probabilities, Mass };
  const Access image = accessOf({N}), element = accessOf({N, K});

  Structure mass = overClasses(getLogits(), Combine::Sum);
  mass.results = {image};
  mass.resultOf = {Input::combined()};

  // The sum of targets * (log(sum) - shifted)
  Structure rowLoss = overClasses(getLogits(), Combine::Sum);
  rowLoss.operands = {element, element, image, image};
  rowLoss.before = {{VectorFunction::Subtract, {2, 1}}, {VectorFunction::Multiply, {0, ~0}}};
  rowLoss.terms = {~1};
  rowLoss.after = {{VectorFunction::SelectPositive, {Input::combined(), 3}}};
  rowLoss.results = {image};
  rowLoss.resultOf = {~0};

  std::vector<Part> parts = softmaxParts(getLogits(), Logits, Probabilities);
  parts.push_back({mass, {Targets}, {Mass}});
  parts.push_back({rowLoss, {Targets, Shifted, Logarithm, Mass}, {RowLoss}});
  parts.push_back({totalOf(shapeOf(getLogits())[N]), {RowLoss}, {Loss}});
  return parts;
}

std::vector<Part> ClassTargetsOp::getParts() {
  enum Values { Labels, Weights }; // the latter if there
  const int targets = getWeights() ? 2 : 1, mass = targets + 1;
  enum Inner { Hot = ~0, Kept = ~1 };
  const Access image = accessOf({N}), element = accessOf({N, K}), column = accessOf({K});
  const int64_t classes = shapeOf(getTargets())[K];
  const double smoothing = getSmoothing().convertToDouble();
  const bool isHot = !getWeights() && smoothing == 0; // the targets are nothing else
  const int hot = isHot ? targets : int(Hot);

  // onehot(labels), or nothing for the label that is ignored
  Structure label;
  label.domain = imagesAndClasses(getTargets());
  label.operands = {image};
  label.results = {element};
  label.after = {{VectorFunction::OneHot, {0, Input::index(K)}}};
  if (getIgnored() && static_cast<uint64_t>(*getIgnored()) < static_cast<uint64_t>(classes)) {
    std::vector<double> kept(classes, 1.0);
    kept[*getIgnored()] = 0;
    label.constants = {{"kept", {classes}, kept, column}};
    label.after.push_back({VectorFunction::Multiply, {~0, Input::constant(0)}});
  }
  label.resultOf = {label.after.size() > 1 ? ~1 : ~0};
  std::vector<Part> parts = {{label, {Labels}, {hot}}};

  Structure sum = overClasses(getTargets(), Combine::Sum);
  sum.results = {image};
  sum.resultOf = {Input::combined()};
  Structure weighted = sum;
  weighted.operands.push_back(column);
  weighted.before = {{VectorFunction::Multiply, {0, 1}}};
  weighted.terms = {~0};
  parts.push_back(getWeights() ? Part{weighted, {hot, Weights}, {mass}} : Part{sum, {hot}, {mass}});
  if (getWeights() && smoothing != 0)
    parts.push_back({sum, {hot}, {Kept}});
  if (isHot)
    return parts;

  Structure distribution;
  distribution.domain = label.domain;
  distribution.operands = {element};
  std::vector<int> operands = {hot};
  std::vector<Step> &steps = distribution.after;
  if (smoothing != 0) {
    distribution.operands.push_back(image);
    operands.push_back(getWeights() ? int(Kept) : mass);
    steps = {{VectorFunction::Scale, {0}, 1 - smoothing},
             {VectorFunction::Scale, {1}, smoothing / static_cast<double>(classes)},
             {VectorFunction::Add, {~0, ~1}}};
  }
  if (getWeights()) {
    steps.push_back({VectorFunction::Multiply, {smoothing != 0 ? ~2 : 0, int(operands.size())}});
    distribution.operands.push_back(column);
    operands.push_back(Weights);
  }
  distribution.results = {element};
  distribution.resultOf = {~(int(steps.size()) - 1)};
  parts.push_back({distribution, operands, {targets}});
  return parts;
}

Structure SoftmaxCrossEntropyGradOp::getStructure() {
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

Structure CrossEntropyGradOp::getStructure() {
  enum Operand { Probabilities, Targets, Mass, LossGradient };
  Structure s;
  s.domain = imagesAndClasses(getProbabilities());
  s.operands = {accessOf({N, K}), accessOf({N, K}), accessOf({N}), Access()};
  s.results = {accessOf({N, K})};
  s.after = {{VectorFunction::Multiply, {Probabilities, Mass}},
             {VectorFunction::Subtract, {~0, Targets}},
             {VectorFunction::Multiply, {~1, LossGradient}},
             {VectorFunction::SelectPositive, {~2, Mass}}};
  s.resultOf = {~3};
  return s;
}

Structure TotalOp::getStructure() { return totalOf(shapeOf(getX())[0]); }

std::vector<Step> SigmoidCrossEntropyOp::getVectorSteps() {
  enum Operand { X, Targets };
  return {{VectorFunction::Relu, {X}},          {VectorFunction::Multiply, {X, Targets}},
          {VectorFunction::Subtract, {~0, ~1}}, {VectorFunction::Scale, {X}, -1.0},
          {VectorFunction::Minimum, {X, ~3}},   {VectorFunction::Exp, {~4}}, // of -|x|
          {VectorFunction::Offset, {~5}, 1.0},  {VectorFunction::Log, {~6}},
          {VectorFunction::Add, {~2, ~7}}};
}

std::vector<Step> SigmoidCrossEntropyGradOp::getVectorSteps() {
  enum Operand { GY, X, Targets };
  return {{VectorFunction::Scale, {X}, -1.0},        {VectorFunction::Exp, {~0}},
          {VectorFunction::Offset, {~1}, 1.0},       {VectorFunction::Reciprocal, {~2}},
          {VectorFunction::Subtract, {~3, Targets}}, {VectorFunction::Multiply, {GY, ~4}}};
}

LogicalResult SigmoidCrossEntropyOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                              ArrayRef<bool> operandNeedsGrad,
                                              SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (operandNeedsGrad[1])
    return emitOpError() << "cannot pass on a gradient to its targets";
  if (operandNeedsGrad[0])
    operandGrads[0] =
        SigmoidCrossEntropyGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                          getX().getType(), resultGrads[0], getX(), getTargets(), nullptr);
  return success();
}

LogicalResult CrossEntropyOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                       ArrayRef<bool> operandNeedsGrad,
                                       SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (resultGrads[1] || resultGrads[2] || operandNeedsGrad[1])
    return emitOpError() << "cannot pass on a gradient to its targets, nor of a result other than 'loss'";
  if (operandNeedsGrad[0])
    operandGrads[0] =
        CrossEntropyGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getLogits().getType(),
                                   getProbabilities(), getTargets(), getMass(), resultGrads[0], nullptr);
  return success();
}

LogicalResult TotalOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] =
        BroadcastOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                            resultGrads[0], builder.getDenseI64ArrayAttr({}), nullptr);
  return success();
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
