// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, structures and gradients of the pooling operations. One relation between input and output serves
// both directions.

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

using namespace mlir;
using namespace arsis::nn;

template <typename Op> static LogicalResult verifyPooling(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> y) {
  ArrayRef<int64_t> kernel = op.getKernel(), strides = op.getStrides(), pads = op.getPads();
  ArrayRef<int64_t> dilations = op.getDilations();
  if (!areAllBetween(kernel, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "pool_c1", "kernel to be 2 numbers from 1 to 2^31", toText(kernel));
  if (!areAllBetween(strides, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "pool_c2", "strides to be 2 numbers from 1 to 2^31", toText(strides));
  if (!areAllBetween(pads, 4, 0, arsis::isa::kLargestExtent))
    return violates(op, "pool_c3", "pads to be 4 numbers from 0 to 2^31", toText(pads));
  if (!areAllBetween(dilations, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "pool_c4", "dilations to be 2 numbers from 1 to 2^31", toText(dilations));
  for (int dim = 0; dim < 2; ++dim)
    if (std::max(pads[dim], pads[dim + 2]) >= dilatedKernel(kernel[dim], dilations[dim]))
      return violates(op, "pool_c5",
                      "pads smaller than the dilated kernel " +
                          Twine(dilatedKernel(kernel[dim], dilations[dim])),
                      toText(pads));
  SmallVector<int64_t, 4> floor = poolShape(x, kernel, strides, pads, dilations, /*ceilMode=*/false);
  SmallVector<int64_t, 4> ceil = poolShape(x, kernel, strides, pads, dilations, /*ceilMode=*/true);
  bool fits = y[0] == x[0] && y[3] == x[3];
  for (int dim = 1; dim <= 2; ++dim)
    fits &= y[dim] > 0 && (y[dim] == floor[dim] || y[dim] == ceil[dim]);
  if (!fits)
    return violates(op, "pool_c6",
                    "the output of the pooling to have shape " + toText(floor) + ", or " + toText(ceil) +
                        " in ceil mode",
                    toText(y));
  return success();
}

LogicalResult MaxPoolOp::verify() { return verifyPooling(*this, shapeOf(getX()), shapeOf(getY())); }
LogicalResult MaxPoolGradOp::verify() { return verifyPooling(*this, shapeOf(getX()), shapeOf(getGy())); }
LogicalResult AvgPoolOp::verify() { return verifyPooling(*this, shapeOf(getX()), shapeOf(getY())); }
LogicalResult AvgPoolGradOp::verify() { return verifyPooling(*this, shapeOf(getGx()), shapeOf(getGy())); }

// Structures. No order of these reductions is planned: the taps of a window are never cut.

namespace {

// The first four are those of the result.
enum { N, H, W, C, KH, KW, TH, TW };

struct Pool {
  WindowAxis vertical, horizontal;
  ArrayRef<int64_t> kernel;

  template <typename Op>
  explicit Pool(Op op)
      : vertical{op.getStrides()[0], op.getDilations()[0], op.getPads()[0]}, horizontal{op.getStrides()[1],
                                                                                        op.getDilations()[1],
                                                                                        op.getPads()[1]},
        kernel(op.getKernel()) {}

  // Forward: a window's taps, ascending. Backward: the windows of a position, ascending, so taps descend.
  Structure over(ArrayRef<int64_t> result, bool backward) const {
    Structure s;
    s.domain = {{"n", result[0]},
                {backward ? "ih" : "oh", result[1]},
                {backward ? "iw" : "ow", result[2]},
                {"c", result[3]},
                {"kh", kernel[0]},
                {"kw", kernel[1]}};
    s.results = {accessOf({N, H, W, C})};
    s.reduction.inside = {{KH, backward}, {KW, backward}};
    s.resultOf = {Input::combined()};
    return s;
  }

  Access window(Outside outside) const {
    Access x = accessOf({N, H, W, C});
    x.indices[1] = vertical.position(H, KH);
    x.indices[2] = horizontal.position(W, KW);
    x.outside = outside;
    return x;
  }

  Access gradient() const {
    Access gy = accessOf({N, H, W, C});
    gy.indices[1] = vertical.window(H, KH);
    gy.indices[2] = horizontal.window(W, KW);
    gy.outside = Outside::Zero;
    return gy;
  }
};

// How many taps of each window of one dimension are averaged over.
std::vector<int64_t> tapCounts(const WindowAxis &axis, int64_t input, int64_t output, int64_t kernel,
                               int64_t padAfter, bool includePad) {
  std::vector<int64_t> counts(output);
  for (int64_t window = 0; window < output; ++window)
    for (int64_t tap = 0; tap < kernel; ++tap) {
      int64_t position = window * axis.stride + tap * axis.dilation - axis.pad;
      counts[window] += includePad ? position < input + padAfter : position >= 0 && position < input;
    }
  return counts;
}

// One value per window, or a single one if all are equal: 1 / number of taps, 0 without any.
template <typename Op>
std::vector<double> reciprocals(Op op, const Pool &pool, ArrayRef<int64_t> x, ArrayRef<int64_t> y) {
  bool includePad = op.getCountIncludePad();
  ArrayRef<int64_t> pads = op.getPads();
  std::vector<int64_t> rows = tapCounts(pool.vertical, x[1], y[1], pool.kernel[0], pads[2], includePad);
  std::vector<int64_t> columns = tapCounts(pool.horizontal, x[2], y[2], pool.kernel[1], pads[3], includePad);
  std::vector<double> values;
  for (int64_t row : rows)
    for (int64_t column : columns)
      values.push_back(row && column ? 1.0 / double(row * column) : 0.0);
  if (llvm::all_equal(values))
    values.resize(1);
  return values;
}

// The step that weighs `value` with the reciprocal of its window, which `access` finds.
Step weigh(Structure &s, Input value, std::vector<double> reciprocals, ArrayRef<int64_t> windows,
           Access access) {
  if (reciprocals.size() == 1)
    return {arsis::numerics::VectorFunction::Scale, {value}, reciprocals[0]};
  s.constants = {{"window_reciprocals", windows.vec(), std::move(reciprocals), std::move(access)}};
  return {arsis::numerics::VectorFunction::Multiply, {value, Input::constant(0)}};
}

} // namespace

Structure MaxPoolOp::getStructure() {
  Pool pool(*this);
  Structure s = pool.over(shapeOf(getY()), false);
  s.operands = {pool.window(Outside::MinusInfinity)};
  s.combine = Combine::Max;
  s.terms = {0};
  return s;
}

Structure AvgPoolOp::getStructure() {
  Pool pool(*this);
  ArrayRef<int64_t> x = shapeOf(getX()), y = shapeOf(getY());
  Structure s = pool.over(y, false);
  s.operands = {pool.window(Outside::Zero)};
  s.combine = Combine::Sum;
  s.terms = {0};
  s.after = {weigh(s, Input::combined(), reciprocals(*this, pool, x, y), y.slice(1, 2), accessOf({H, W}))};
  s.resultOf = {~0};
  return s;
}

Structure MaxPoolGradOp::getStructure() {
  Pool pool(*this);
  Structure s = pool.over(shapeOf(getGx()), true);
  s.domain.push_back({"th", pool.kernel[0]});
  s.domain.push_back({"tw", pool.kernel[1]});
  // Tap (th, tw) of the window whose tap (kh, kw) is the position of the result.
  Access x = accessOf({N, H, W, C});
  x.indices[1].terms = {{H}, {KH, -pool.vertical.dilation}, {TH, pool.vertical.dilation}};
  x.indices[2].terms = {{W}, {KW, -pool.horizontal.dilation}, {TW, pool.horizontal.dilation}};
  x.outside = Outside::MinusInfinity;
  s.operands = {x, pool.gradient()};
  s.combine = Combine::SumAtFirstMaximum;
  s.terms = {1};
  s.search = {0, {TH, TW}, {KH, KW}};
  return s;
}

Structure AvgPoolGradOp::getStructure() {
  Pool pool(*this);
  ArrayRef<int64_t> x = shapeOf(getGx()), y = shapeOf(getGy());
  Structure s = pool.over(x, true);
  s.operands = {pool.gradient()};
  s.combine = Combine::Sum;
  Access ofWindow = pool.gradient();
  ofWindow.indices = {ofWindow.indices[1], ofWindow.indices[2]};
  s.before = {weigh(s, 0, reciprocals(*this, pool, x, y), y.slice(1, 2), ofWindow)};
  s.terms = {~0};
  return s;
}

// Gradients

LogicalResult MaxPoolOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = MaxPoolGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                            getX().getType(), getX(), resultGrads[0], getKernelAttr(),
                                            getStridesAttr(), getPadsAttr(), getDilationsAttr(), nullptr);
  return success();
}

LogicalResult AvgPoolOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] =
        AvgPoolGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                              resultGrads[0], getKernelAttr(), getStridesAttr(), getPadsAttr(),
                              getDilationsAttr(), getCountIncludePadAttr(), nullptr);
  return success();
}
