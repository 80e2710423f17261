// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts and gradients of softmax and its logarithm.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

using namespace mlir;
using namespace arsis::nn;
using arsis::numerics::VectorFunction;

// Rows n of elements k.
enum { N, K };
static Structure rowsOf(Value matrix) {
  Structure s;
  s.domain = {{"n", shapeOf(matrix)[0]}, {"k", shapeOf(matrix)[1]}};
  return s;
}

// One value per row, of its elements, which are never cut.
static Structure overEachRow(Value matrix, Combine combine) {
  Structure s = rowsOf(matrix);
  s.combine = combine;
  s.reduction.inside = {{K}};
  s.reduction.how = How::Tree;
  s.operands = {accessOf({N, K})};
  s.terms = {0};
  s.results = {accessOf({N})};
  s.resultOf = {Input::combined()};
  return s;
}

// One value per element, of elements and, behind them, of values of the row.
static Structure ofElements(Value matrix, size_t elements, size_t rows, std::vector<Step> steps) {
  Structure s = rowsOf(matrix);
  s.operands.assign(elements, accessOf({N, K}));
  s.operands.resize(elements + rows, accessOf({N}));
  s.after = std::move(steps);
  s.results = {accessOf({N, K})};
  s.resultOf = {~static_cast<int>(s.after.size() - 1)};
  return s;
}

std::vector<Part> SoftmaxOp::getParts() {
  enum Values { X, Y };
  enum Inner { Maximum = ~0, Exponential = ~1, Inverse = ~2 };
  Structure sum = overEachRow(getX(), Combine::Sum);
  sum.after = {{VectorFunction::Reciprocal, {Input::combined()}}};
  sum.resultOf = {~0};
  return {{overEachRow(getX(), Combine::Max), {X}, {Maximum}},
          {ofElements(getX(), 1, 1, {{VectorFunction::Subtract, {0, 1}}, {VectorFunction::Exp, {~0}}}),
           {X, Maximum},
           {Exponential}},
          {sum, {Exponential}, {Inverse}},
          {ofElements(getX(), 1, 1, {{VectorFunction::Multiply, {0, 1}}}), {Exponential, Inverse}, {Y}}};
}

std::vector<Part> LogSoftmaxOp::getParts() {
  enum Values { X, Y };
  enum Inner { Maximum = ~0, Shifted = ~1, Exponential = ~2, Logarithm = ~3 };
  Structure exponential =
      ofElements(getX(), 1, 1, {{VectorFunction::Subtract, {0, 1}}, {VectorFunction::Exp, {~0}}});
  exponential.results.push_back(accessOf({N, K}));
  exponential.resultOf = {~0, ~1};
  Structure sum = overEachRow(getX(), Combine::Sum);
  sum.after = {{VectorFunction::Log, {Input::combined()}}};
  sum.resultOf = {~0};
  return {{overEachRow(getX(), Combine::Max), {X}, {Maximum}},
          {exponential, {X, Maximum}, {Shifted, Exponential}},
          {sum, {Exponential}, {Logarithm}},
          {ofElements(getX(), 1, 1, {{VectorFunction::Subtract, {0, 1}}}), {Shifted, Logarithm}, {Y}}};
}

std::vector<Part> SoftmaxGradOp::getParts() {
  enum Values { GY, Y, GX };
  enum Inner { Sum = ~0 };
  Structure sum = overEachRow(getY(), Combine::Sum);
  sum.operands.push_back(accessOf({N, K}));
  sum.before = {{VectorFunction::Multiply, {0, 1}}};
  sum.terms = {~0};
  return {
      {sum, {GY, Y}, {Sum}},
      {ofElements(getY(), 2, 1, {{VectorFunction::Subtract, {0, 2}}, {VectorFunction::Multiply, {~0, 1}}}),
       {GY, Y, Sum},
       {GX}}};
}

std::vector<Part> LogSoftmaxGradOp::getParts() {
  enum Values { GY, Y, GX };
  enum Inner { Sum = ~0 };
  return {{overEachRow(getY(), Combine::Sum), {GY}, {Sum}},
          {ofElements(getY(), 2, 1,
                      {{VectorFunction::Exp, {1}},
                       {VectorFunction::Multiply, {~0, 2}},
                       {VectorFunction::Subtract, {0, ~1}}}),
           {GY, Y, Sum},
           {GX}}};
}

template <class Grad, class Op>
static LogicalResult gradientFromResult(Op op, OpBuilder &builder, ValueRange resultGrads,
                                        ArrayRef<bool> operandNeedsGrad,
                                        SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = Grad::create(builder, withPhase(op.getLoc(), phase::kBackwardInput),
                                   op.getX().getType(), resultGrads[0], op.getY(), nullptr);
  return success();
}

LogicalResult SoftmaxOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  return gradientFromResult<SoftmaxGradOp>(*this, builder, resultGrads, operandNeedsGrad, operandGrads);
}

LogicalResult LogSoftmaxOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                     ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  return gradientFromResult<LogSoftmaxGradOp>(*this, builder, resultGrads, operandNeedsGrad, operandGrads);
}
