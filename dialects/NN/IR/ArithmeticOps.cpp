// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, steps and gradients of the arithmetic that repeats an operand. The gradient of what repeats is a
// sum over the dimensions along which it does.

#include "dialects/NN/IR/Gradients.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"

#include <functional>
#include <numeric>

using namespace mlir;
using namespace arsis::nn;
using arsis::numerics::VectorFunction;

/// Of an operand that repeats.
static LogicalResult verifyAlong(Operation *op, std::optional<ArrayRef<int64_t>> along, Value operand) {
  const ArrayRef<int64_t> shape = shapeOf(op->getResult(0)), small = shapeOf(operand);
  if (!along) {
    if (small != shape)
      return violates(op, "along_c2", "an operand of shape " + toText(shape), toText(small));
    return success();
  }
  const bool ascends = llvm::is_sorted(*along, std::less_equal<>());
  if (along->size() != small.size() || !ascends || (!along->empty() && along->front() < 0) ||
      (!along->empty() && along->back() >= static_cast<int64_t>(shape.size())))
    return violates(op, "along_c1",
                    "along to name " + Twine(small.size()) + " of " + Twine(shape.size()) +
                        " dimensions in ascending order",
                    toText(*along));
  for (auto [dimension, extent] : llvm::zip(*along, small))
    if (shape[dimension] != extent)
      return violates(op, "along_c2",
                      "extent " + Twine(shape[dimension]) + " of dimension " + Twine(dimension),
                      Twine(extent));
  return success();
}

/// The dimensions of operand `operand`, of which `repeating` is the one that `along` is about.
static std::vector<int> dimensionsAlong(Operation *op, std::optional<ArrayRef<int64_t>> along,
                                        unsigned operand, unsigned repeating) {
  if (!along || operand != repeating)
    return lastDimensions(op->getOperand(operand), op->getResult(0));
  return {along->begin(), along->end()};
}

LogicalResult AddOp::verify() { return verifyAlong(*this, getAlong(), getB()); }
LogicalResult MultiplyOp::verify() { return verifyAlong(*this, getAlong(), getB()); }
LogicalResult BroadcastOp::verify() { return verifyAlong(*this, getAlong(), getX()); }
LogicalResult PReluOp::verify() { return verifyAlong(*this, getAlong(), getSlope()); }
LogicalResult PReluGradOp::verify() { return verifyAlong(*this, getAlong(), getSlope()); }

std::vector<int> AddOp::getOperandDimensions(unsigned operand) {
  return dimensionsAlong(*this, getAlong(), operand, 1);
}
std::vector<int> MultiplyOp::getOperandDimensions(unsigned operand) {
  return dimensionsAlong(*this, getAlong(), operand, 1);
}
std::vector<int> BroadcastOp::getOperandDimensions(unsigned operand) {
  return dimensionsAlong(*this, getAlong(), operand, 0);
}
std::vector<int> PReluOp::getOperandDimensions(unsigned operand) {
  return dimensionsAlong(*this, getAlong(), operand, 1);
}
std::vector<int> PReluGradOp::getOperandDimensions(unsigned operand) {
  return dimensionsAlong(*this, getAlong(), operand, 1);
}

std::vector<Step> AddOp::getVectorSteps() { return {{VectorFunction::Add, {0, 1}}}; }
std::vector<Step> MultiplyOp::getVectorSteps() { return {{VectorFunction::Multiply, {0, 1}}}; }
std::vector<Step> BroadcastOp::getVectorSteps() { return {{VectorFunction::Copy, {0}}}; }
std::vector<Step> PReluOp::getVectorSteps() {
  enum Operand { X, Slope };
  return {{VectorFunction::Multiply, {X, Slope}}, {VectorFunction::Select, {X, ~0, X}}};
}
std::vector<Step> PReluGradOp::getVectorSteps() {
  enum Operand { GY, Slope, X };
  return {{VectorFunction::Multiply, {GY, Slope}}, {VectorFunction::Select, {GY, ~0, X}}};
}

// Gradients

/// The sum of a tensor of shape [outer, count, inner], given in any shape, over its middle dimension. Over
/// the last one it is a product with ones, which the arrays add up.
static Value sumOverMiddle(OpBuilder &builder, Location loc, Value x, int64_t outer, int64_t count,
                           int64_t inner) {
  const Type f32 = builder.getF32Type();
  auto reshape = [&](ArrayRef<int64_t> shape) {
    auto type = cast<RankedTensorType>(x.getType()).clone(shape);
    return x.getType() == type ? x : Value(ReshapeOp::create(builder, loc, type, x));
  };
  if (outer == 1)
    return ChannelSumOp::create(builder, loc, RankedTensorType::get({inner}, f32), reshape({count, inner}),
                                nullptr, nullptr);
  if (inner > 1)
    return AxisSumOp::create(builder, loc, RankedTensorType::get({outer, inner}, f32),
                             reshape({outer, count, inner}), nullptr, nullptr);
  auto ones = RankedTensorType::get({count, 1}, f32);
  Value column = ConstantOp::create(builder, loc, DenseElementsAttr::get(ones, 1.0f));
  return MatmulOp::create(builder, loc, RankedTensorType::get({outer, 1}, f32), reshape({outer, count}),
                          column,
                          /*transpose_a=*/false, /*transpose_b=*/false, nullptr, nullptr);
}

Value arsis::nn::sumTo(OpBuilder &builder, Location loc, Value x, std::optional<ArrayRef<int64_t>> along,
                       Type type) {
  if (!along)
    return x;
  struct Run {
    int64_t extent;
    bool isKept;
  };
  SmallVector<Run> runs; // neighbours of one fate are one
  for (auto [dimension, extent] : llvm::enumerate(shapeOf(x))) {
    const bool isKept = llvm::is_contained(*along, static_cast<int64_t>(dimension));
    if (extent == 1)
      continue;
    if (!runs.empty() && runs.back().isKept == isKept)
      runs.back().extent *= extent;
    else
      runs.push_back({extent, isKept});
  }
  auto product = [](ArrayRef<Run> some) {
    return std::accumulate(some.begin(), some.end(), int64_t(1),
                           [](int64_t all, const Run &run) { return all * run.extent; });
  };
  for (Run &run : runs)
    if (!run.isKept) {
      const size_t at = &run - runs.begin();
      const ArrayRef<Run> all(runs);
      x = sumOverMiddle(builder, loc, x, product(all.take_front(at)), run.extent,
                        product(all.drop_front(at + 1)));
      run.extent = 1;
    }
  auto wanted = cast<RankedTensorType>(type), found = cast<RankedTensorType>(x.getType());
  if (found.getShape() != wanted.getShape())
    x = ReshapeOp::create(builder, loc, found.clone(wanted.getShape()), x);
  return x.getType() == type ? x : Value(CastOp::create(builder, loc, type, x, nullptr));
}

LogicalResult AddOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                              SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = resultGrads[0];
  if (operandNeedsGrad[1])
    operandGrads[1] = sumTo(builder, withPhase(getLoc(), phase::kBackwardWeight), resultGrads[0], getAlong(),
                            getB().getType());
  return success();
}

LogicalResult MultiplyOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                   ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = MultiplyOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                         getA().getType(), resultGrads[0], getB(), getAlongAttr(), nullptr);
  if (operandNeedsGrad[1]) {
    const Location loc = withPhase(getLoc(), phase::kBackwardWeight);
    Value terms =
        MultiplyOp::create(builder, loc, getA().getType(), resultGrads[0], getA(), nullptr, nullptr);
    operandGrads[1] = sumTo(builder, loc, terms, getAlong(), getB().getType());
  }
  return success();
}

LogicalResult BroadcastOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = sumTo(builder, withPhase(getLoc(), phase::kBackwardInput), resultGrads[0], getAlong(),
                            getX().getType());
  return success();
}

LogicalResult PReluOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] =
        PReluGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                            resultGrads[0], getSlope(), getX(), getAlongAttr(), nullptr);
  if (operandNeedsGrad[1]) { // gy * minimum(x, 0)
    const Location loc = withPhase(getLoc(), phase::kBackwardWeight);
    const Type type = getX().getType();
    Value below =
        ClipOp::create(builder, loc, type, getX(), FloatAttr(), builder.getF32FloatAttr(0), nullptr);
    Value terms = MultiplyOp::create(builder, loc, type, resultGrads[0], below, nullptr, nullptr);
    operandGrads[1] = sumTo(builder, loc, terms, getAlong(), getSlope().getType());
  }
  return success();
}

LogicalResult AxisSumOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] =
        BroadcastOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                            resultGrads[0], builder.getDenseI64ArrayAttr({0, 2}), nullptr);
  return success();
}
