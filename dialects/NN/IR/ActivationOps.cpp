// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, steps and gradients of the activations and of other functions of one tensor.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"

#include <cmath>

using namespace mlir;
using namespace arsis::nn;
using arsis::numerics::VectorFunction;

static LogicalResult verifyFinite(Operation *op, StringRef label, StringRef what, const APFloat &value) {
  if (!value.isFinite())
    return violates(op, label, "a finite " + what, std::to_string(value.convertToDouble()));
  return success();
}

LogicalResult AffineOp::verify() {
  return success(succeeded(verifyFinite(*this, "affine_c1", "scale", getScale())) &&
                 succeeded(verifyFinite(*this, "affine_c1", "offset", getOffset())));
}

template <class Op> static LogicalResult verifyBounds(Op op) {
  if (!op.getLow() && !op.getHigh())
    return violates(op, "clip_c1", "a lower bound, an upper bound, or both", "none");
  for (std::optional<APFloat> bound : {op.getLow(), op.getHigh()})
    if (bound && !bound->isFinite())
      return violates(op, "clip_c1", "finite bounds", std::to_string(bound->convertToDouble()));
  if (op.getLow() && op.getHigh() && op.getLow()->compare(*op.getHigh()) != APFloat::cmpLessThan)
    return violates(op, "clip_c1", "low to be below high",
                    std::to_string(op.getLow()->convertToDouble()) + " and " +
                        std::to_string(op.getHigh()->convertToDouble()));
  return success();
}
LogicalResult ClipOp::verify() { return verifyBounds(*this); }
LogicalResult ClipGradOp::verify() { return verifyBounds(*this); }

LogicalResult LeakyReluOp::verify() { return verifyFinite(*this, "leaky_relu_c1", "slope", getSlope()); }
LogicalResult LeakyReluGradOp::verify() { return verifyFinite(*this, "leaky_relu_c1", "slope", getSlope()); }
LogicalResult EluOp::verify() { return verifyFinite(*this, "elu_c1", "alpha", getAlpha()); }
LogicalResult EluGradOp::verify() { return verifyFinite(*this, "elu_c1", "alpha", getAlpha()); }

// Steps on the vector unit. Inputs: k is operand k, ~k is the result of step k. A step without inputs is a
// scalar: it runs once.

std::vector<Step> ErfOp::getVectorSteps() { return {{VectorFunction::Erf, {0}}}; }
std::vector<Step> ExpOp::getVectorSteps() { return {{VectorFunction::Exp, {0}}}; }
std::vector<Step> LogOp::getVectorSteps() { return {{VectorFunction::Log, {0}}}; }
std::vector<Step> ReciprocalOp::getVectorSteps() { return {{VectorFunction::Reciprocal, {0}}}; }
std::vector<Step> SqrtOp::getVectorSteps() {
  return {{VectorFunction::Rsqrt, {0}}, {VectorFunction::Reciprocal, {~0}}};
}

std::vector<Step> AffineOp::getVectorSteps() {
  const float scale = getScale().convertToFloat(), offset = getOffset().convertToFloat();
  if (scale == 1)
    return {{VectorFunction::Offset, {0}, offset}};
  if (offset == 0)
    return {{VectorFunction::Scale, {0}, scale}};
  return {{VectorFunction::Fill, {}, offset}, {VectorFunction::ScaleAdd, {0, ~0}, scale}};
}

/// Appends steps and says how later ones name them.
namespace {
struct Steps {
  std::vector<Step> all;
  int add(VectorFunction function, std::vector<Input> inputs, double immediate = 0) {
    all.push_back({function, std::move(inputs), immediate});
    return ~(static_cast<int>(all.size()) - 1);
  }
};
} // namespace

std::vector<Step> ClipOp::getVectorSteps() {
  Steps steps;
  int value = 0;
  if (getLow())
    value = steps.add(VectorFunction::Maximum,
                      {value, steps.add(VectorFunction::Fill, {}, getLow()->convertToFloat())});
  if (getHigh())
    value = steps.add(VectorFunction::Minimum,
                      {value, steps.add(VectorFunction::Fill, {}, getHigh()->convertToFloat())});
  return steps.all;
}

std::vector<Step> ClipGradOp::getVectorSteps() {
  enum Operand { GY, Y };
  Steps steps;
  int gradient = GY;
  if (getLow()) {
    const float low = getLow()->convertToFloat();
    const int above = low == 0 ? int(Y) : steps.add(VectorFunction::Offset, {Y}, -low);
    gradient = steps.add(VectorFunction::SelectPositive, {gradient, above});
  }
  if (getHigh()) {
    const int high = steps.add(VectorFunction::Fill, {}, getHigh()->convertToFloat());
    const int below = steps.add(VectorFunction::Subtract, {high, Y});
    gradient = steps.add(VectorFunction::SelectPositive, {gradient, below});
  }
  return steps.all;
}

std::vector<Step> SigmoidOp::getVectorSteps() {
  return {{VectorFunction::Scale, {0}, -1.0},
          {VectorFunction::Exp, {~0}},
          {VectorFunction::Offset, {~1}, 1.0},
          {VectorFunction::Reciprocal, {~2}}};
}

std::vector<Step> SigmoidGradOp::getVectorSteps() {
  enum Operand { GY, Y };
  return {{VectorFunction::Fill, {}, 1.0},
          {VectorFunction::Subtract, {~0, Y}},
          {VectorFunction::Multiply, {Y, ~1}},
          {VectorFunction::Multiply, {GY, ~2}}};
}

std::vector<Step> HardSwishOp::getVectorSteps() {
  return {{VectorFunction::Fill, {}, 0.5},     {VectorFunction::ScaleAdd, {0, ~0}, 1.0 / 6},
          {VectorFunction::Relu, {~1}},        {VectorFunction::Fill, {}, 1.0},
          {VectorFunction::Minimum, {~2, ~3}}, {VectorFunction::Multiply, {0, ~4}}};
}

std::vector<Step> HardSwishGradOp::getVectorSteps() {
  enum Operand { GY, X };
  return {{VectorFunction::Fill, {}, 0.5},        {VectorFunction::ScaleAdd, {X, ~0}, 1.0 / 3},
          {VectorFunction::Fill, {}, 1.0},        {VectorFunction::Offset, {X}, -3.0},
          {VectorFunction::Select, {~2, ~1, ~3}}, // above 3
          {VectorFunction::Fill, {}, -3.0},       {VectorFunction::Subtract, {~5, X}},
          {VectorFunction::Fill, {}, 0.0},        {VectorFunction::Select, {~7, ~4, ~6}}, // below -3
          {VectorFunction::Multiply, {GY, ~8}}};
}

std::vector<Step> LeakyReluOp::getVectorSteps() {
  return {{VectorFunction::Scale, {0}, getSlope().convertToFloat()}, {VectorFunction::Select, {0, ~0, 0}}};
}

std::vector<Step> LeakyReluGradOp::getVectorSteps() {
  enum Operand { GY, At };
  return {{VectorFunction::Scale, {GY}, getSlope().convertToFloat()}, {VectorFunction::Select, {GY, ~0, At}}};
}

// exp sees no number above zero: it might overflow where nobody asks for it.
std::vector<Step> EluOp::getVectorSteps() {
  return {{VectorFunction::Fill, {}, 0.0},
          {VectorFunction::Minimum, {0, ~0}},
          {VectorFunction::Exp, {~1}},
          {VectorFunction::Offset, {~2}, -1.0},
          {VectorFunction::Scale, {~3}, getAlpha().convertToFloat()},
          {VectorFunction::Select, {0, ~4, 0}}};
}

std::vector<Step> EluGradOp::getVectorSteps() {
  enum Operand { GY, X };
  return {{VectorFunction::Fill, {}, 0.0},      {VectorFunction::Minimum, {X, ~0}},
          {VectorFunction::Exp, {~1}},          {VectorFunction::Scale, {~2}, getAlpha().convertToFloat()},
          {VectorFunction::Multiply, {GY, ~3}}, {VectorFunction::Select, {GY, ~4, X}}};
}

std::vector<Step> SoftplusOp::getVectorSteps() {
  return {{VectorFunction::Scale, {0}, -1.0}, {VectorFunction::Minimum, {0, ~0}}, // -|x|
          {VectorFunction::Exp, {~1}},        {VectorFunction::Offset, {~2}, 1.0},
          {VectorFunction::Log, {~3}},        {VectorFunction::Relu, {0}},
          {VectorFunction::Add, {~4, ~5}}};
}

// Gradients

/// The one gradient of a function of one tensor, by `make`, if it is needed. REQUIRES: as buildVJP.
template <class Make>
static LogicalResult gradientBy(Operation *op, ArrayRef<bool> operandNeedsGrad,
                                SmallVectorImpl<Value> &operandGrads, Make make) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = make(withPhase(op->getLoc(), phase::kBackwardInput), op->getOperand(0).getType());
  return success();
}

namespace {
/// Emits elementwise work on values of one type.
struct Emitter {
  OpBuilder &builder;
  Location loc;
  Type type;

  Value multiply(Value a, Value b) const {
    return MultiplyOp::create(builder, loc, type, a, b, nullptr, nullptr);
  }
  Value affine(Value x, float scale) const {
    return AffineOp::create(builder, loc, type, x, builder.getF32FloatAttr(scale), builder.getF32FloatAttr(0),
                            nullptr);
  }
  template <class Op> Value of(Value x) const { return Op::create(builder, loc, type, x, nullptr); }
};
} // namespace

LogicalResult AffineOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                 SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    const float scale = getScale().convertToFloat();
    return scale == 1 ? resultGrads[0] : Emitter{builder, loc, type}.affine(resultGrads[0], scale);
  });
}

LogicalResult ClipOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                               SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    return ClipGradOp::create(builder, loc, type, resultGrads[0], getY(), getLowAttr(), getHighAttr(),
                              nullptr);
  });
}

LogicalResult SigmoidOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    return SigmoidGradOp::create(builder, loc, type, resultGrads[0], getY(), nullptr);
  });
}

LogicalResult HardSwishOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    return HardSwishGradOp::create(builder, loc, type, resultGrads[0], getX(), nullptr);
  });
}

// The result of a positive slope tells where the operand was positive, and others read it anyhow.
LogicalResult LeakyReluOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    const Value at = getSlope().isNegative() ? getX() : getY();
    return LeakyReluGradOp::create(builder, loc, type, resultGrads[0], at, getSlopeAttr(), nullptr);
  });
}

LogicalResult EluOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                              SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    return EluGradOp::create(builder, loc, type, resultGrads[0], getX(), getAlphaAttr(), nullptr);
  });
}

LogicalResult SoftplusOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                   ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    const Emitter emit{builder, loc, type};
    return emit.multiply(resultGrads[0], emit.of<SigmoidOp>(getX()));
  });
}

LogicalResult ErfOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                              SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    constexpr double kTwoBySqrtPi = 1.1283791670955126;
    const Emitter emit{builder, loc, type};
    Value bell = emit.of<ExpOp>(emit.affine(emit.multiply(getX(), getX()), -1));
    return emit.multiply(resultGrads[0], emit.affine(bell, static_cast<float>(kTwoBySqrtPi)));
  });
}

LogicalResult ExpOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                              SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    return Emitter{builder, loc, type}.multiply(resultGrads[0], getY());
  });
}

LogicalResult LogOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                              SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    const Emitter emit{builder, loc, type};
    return emit.multiply(resultGrads[0], emit.of<ReciprocalOp>(getX()));
  });
}

LogicalResult ReciprocalOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                     ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    const Emitter emit{builder, loc, type};
    return emit.affine(emit.multiply(resultGrads[0], emit.multiply(getY(), getY())), -1);
  });
}

LogicalResult SqrtOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                               SmallVectorImpl<Value> &operandGrads) {
  return gradientBy(*this, operandNeedsGrad, operandGrads, [&](Location loc, Type type) -> Value {
    const Emitter emit{builder, loc, type};
    return emit.multiply(resultGrads[0], emit.affine(emit.of<ReciprocalOp>(getY()), 0.5f));
  });
}
