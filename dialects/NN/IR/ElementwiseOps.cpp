// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, steps and gradients of the elementwise operations and of the optimizer's update.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"

using namespace mlir;
using namespace arsis::nn;

LogicalResult BiasAddOp::verify() {
  if (shapeOf(getX()).back() != shapeOf(getBias())[0])
    return violates(*this, "bias_add_c1", "a bias of " + Twine(shapeOf(getX()).back()) + " elements",
                    Twine(shapeOf(getBias())[0]));
  return success();
}

LogicalResult SgdOp::verify() {
  bool hasMomentum = !getMomentum().isZero();
  if (hasMomentum != bool(getVelocity()) || hasMomentum != bool(getNewVelocity()))
    return violates(*this, "sgd_c1",
                    hasMomentum ? "velocity as operand and result with momentum"
                                : "no velocity without momentum",
                    Twine(getVelocity() ? "one" : "no") + " operand and " +
                        (getNewVelocity() ? "one" : "no") + " result");
  if (hasMomentum &&
      (getVelocity().getType() != getParam().getType() || getNewVelocity().getType() != getParam().getType()))
    return violates(*this, "sgd_c2", "velocity to have the type of the parameter", "another type");
  for (const APFloat &value : {getMomentum(), getWeightDecay()})
    if (!value.isFinite() || (value.isNegative() && !value.isZero()))
      return violates(*this, "sgd_c3", "momentum and weight decay to be finite and not negative",
                      std::to_string(value.convertToDouble()));
  return success();
}

// Steps on the vector unit. Inputs: k is operand k, ~k is the result of step k.

using arsis::numerics::VectorFunction;

std::vector<Step> BiasAddOp::getVectorSteps() { return {{VectorFunction::Add, {0, 1}}}; }
std::vector<Step> ReluOp::getVectorSteps() { return {{VectorFunction::Relu, {0}}}; }
std::vector<Step> ReluGradOp::getVectorSteps() { return {{VectorFunction::SelectPositive, {0, 1}}}; }
std::vector<Step> TanhOp::getVectorSteps() { return {{VectorFunction::Tanh, {0}}}; }
std::vector<Step> CastOp::getVectorSteps() { return {{VectorFunction::Copy, {0}}}; }

std::vector<Step> BatchNormInferenceOp::getVectorSteps() {
  enum Operand { X, Scale, Bias, Mean, Variance };
  return {{VectorFunction::Offset, {Variance}, getEpsilon().convertToFloat()},
          {VectorFunction::Rsqrt, {~0}},
          {VectorFunction::Subtract, {X, Mean}},
          {VectorFunction::Multiply, {~2, ~1}},
          {VectorFunction::Fma, {~3, Scale, Bias}}};
}

std::vector<Step> BatchNormApplyOp::getVectorSteps() {
  enum Operand { X, Scale, Bias, Mean, Rstd };
  return {{VectorFunction::Subtract, {X, Mean}},
          {VectorFunction::Multiply, {~0, Rstd}},
          {VectorFunction::Fma, {~1, Scale, Bias}}};
}

std::vector<Step> TanhGradOp::getVectorSteps() {
  enum Operand { GY, Y };
  return {{VectorFunction::Fill, {}, 1.0f}, // a step without inputs is a scalar: it runs once
          {VectorFunction::Multiply, {Y, Y}},
          {VectorFunction::Subtract, {~0, ~1}},
          {VectorFunction::Multiply, {GY, ~2}}};
}

std::vector<Step> UnscaleOp::getVectorSteps() {
  enum Operand { Gradient, LossScale };
  return {{VectorFunction::Reciprocal, {LossScale}}, {VectorFunction::Multiply, {Gradient, ~0}}};
}

std::vector<Step> SgdOp::getVectorSteps() {
  enum Operand { Param, Grad, LearningRate, Velocity };
  std::vector<Step> steps;
  auto append = [&](Step step) {
    steps.push_back(std::move(step));
    return ~(int(steps.size()) - 1);
  };
  int update = Grad;
  if (!getWeightDecay().isZero())
    update = append({VectorFunction::ScaleAdd, {Param, update}, getWeightDecay().convertToFloat()});
  if (getVelocity())
    update = append({VectorFunction::ScaleAdd, {Velocity, update}, getMomentum().convertToFloat()});
  int negativeRate = append({VectorFunction::Scale, {LearningRate}, -1.0f});
  append({VectorFunction::Fma, {update, negativeRate, Param}});
  return steps;
}

SmallVector<int> SgdOp::getResultSteps() {
  int count = getVectorSteps().size();
  return getVelocity() ? SmallVector<int>{count - 1, count - 3} : SmallVector<int>{count - 1};
}

Value SgdOp::getGradient() { return getGrad(); }

SmallVector<std::pair<unsigned, unsigned>> SgdOp::getStateUpdates() {
  SmallVector<std::pair<unsigned, unsigned>> updates = {{0, 0}};
  if (getVelocity())
    updates.push_back({3, 1});
  return updates;
}

// Folds

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getX().getType() == getY().getType() ? OpFoldResult(getX()) : OpFoldResult();
}

// Gradients

LogicalResult BiasAddOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = resultGrads[0];
  if (operandNeedsGrad[1])
    operandGrads[1] = ChannelSumOp::create(builder, withPhase(getLoc(), phase::kBackwardWeight),
                                           getBias().getType(), resultGrads[0], nullptr, nullptr);
  return success();
}

LogicalResult ReluOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                               SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = ReluGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                         getX().getType(), resultGrads[0], getY(), nullptr);
  return success();
}

LogicalResult TanhOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                               SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = TanhGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                         getX().getType(), resultGrads[0], getY(), nullptr);
  return success();
}
