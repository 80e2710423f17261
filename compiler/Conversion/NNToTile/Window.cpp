// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// max_pool, avg_pool and their gradients. Padding is what the DMA fills in: minus infinity for the maximum,
// +0 for the average and for gradients of windows that do not exist.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Transforms/Map/Families.h"

#include <limits>

using namespace mlir;

namespace arsis::compiler {

namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

/// The most that an instruction's field for a side of the window holds.
constexpr int64_t kLongestSide = std::numeric_limits<uint16_t>::max();

/// The sides of a window as an instruction walks them, and the step along each.
struct Taps {
  std::array<int64_t, 2> sides, steps; // rows, columns
};

/// A window of one line that is too long for a side walks the same taps in the same order as two sides. Fails
/// where it has no two factors that fit, or two sides already.
std::optional<Taps> foldLongSide(Taps taps) {
  auto [rows, columns] = taps.sides;
  int64_t length = rows * columns, step = columns == 1 ? taps.steps[0] : taps.steps[1];
  if (std::max(rows, columns) <= kLongestSide)
    return taps;
  if (std::min(rows, columns) > 1)
    return std::nullopt;
  for (int64_t inner = ceilDiv(length, kLongestSide); inner <= kLongestSide; ++inner)
    if (length % inner == 0)
      return Taps{{length / inner, inner}, {inner * step, step}};
  return std::nullopt;
}

class PoolLowering {
public:
  PoolLowering(Emitter &e, const PoolProblem &problem, const PoolGeometry &geometry, const Choice &choice)
      : e(e), p(problem), g(geometry), l(problem.layout(choice)) {}

  Value input, gradient, result,
      factors; // DRAM; input is absent from avg_pool_grad, gradient from the forward pass

  void emit() {
    e.nest(l.order, index, {}, [&] { p.gradient ? emitGradient() : emitForward(); }, {});
  }

private:
  tile::ReduceFunction function() const {
    return g.average ? tile::ReduceFunction::Sum : tile::ReduceFunction::Max;
  }
  AffineExpr start(int d) { return index[d] * l.tile[d]; }
  Extent images() { return e.extent(l.tile[0], p.batch, start(0)); }
  Extent channels() { return e.extent(l.tile[3], p.channels, start(3)); }

  /// The window's taps in a buffer of these strides. REQUIRES: they fold.
  Taps tapsIn(ArrayRef<int64_t> strides) const {
    return *foldLongSide({{p.h.kernel, p.w.kernel}, {p.h.dilation * strides[1], p.w.dilation * strides[2]}});
  }

  /// Multiplies a tile in place by the reciprocal of each window's number of elements.
  void divide(Value tile, ArrayRef<Extent> box, AffineExpr h, AffineExpr w) {
    View view = View::whole(tile);
    if (g.uniform) {
      e.b.map(tile::VectorFunction::Scale, box, view, {view}, g.reciprocals.front());
      return;
    }
    Value factor = e.alloc(l.factor);
    View whole = View::whole(factor);
    e.b.load(factors, {e.constant(0), h, w, e.constant(0)}, {1, box[1], box[2], 1}, whole);
    e.b.map(tile::VectorFunction::Multiply, box, view, {view, {factor, {}, {0, whole.strides[1], 1, 0}}});
  }

  void emitForward() {
    Value tile = e.alloc(l.input), output = e.alloc(l.output);
    e.b.load(input,
             {start(0), index[1] * l.sourceH.step + l.sourceH.base,
              index[2] * l.sourceW.step + l.sourceW.base, start(3)},
             {images(), l.sourceH.extent, l.sourceW.extent, channels()}, View::whole(tile),
             g.average ? 0.0f : kMinusInfinity);
    SmallVector<int64_t> s = View::whole(tile).strides;
    SmallVector<Extent> box = {images(), e.extent(l.tile[1], p.h.output, start(1)),
                               e.extent(l.tile[2], p.w.output, start(2)), channels()};
    Taps taps = tapsIn(s);
    e.b.pool(function(), box, taps.sides, taps.steps, View::whole(output),
             {tile, {}, {s[0], p.h.stride * s[1], p.w.stride * s[2], 1}});
    if (g.average)
      divide(output, box, start(1), start(2));
    e.b.store(View::whole(output), result, {start(0), start(1), start(2), start(3)}, box);
  }

  void emitGradient() {
    Value windows = e.alloc(l.gradient), halo = e.alloc(l.halo);
    AffineExpr windowH = index[1] * l.gradH.windows.step + l.gradH.windows.base;
    AffineExpr windowW = index[2] * l.gradW.windows.step + l.gradW.windows.base;
    SmallVector<Extent> box = {images(), l.gradH.windows.extent, l.gradW.windows.extent, channels()};
    SmallVector<Extent> haloBox = {images(), l.gradH.halo.extent, l.gradW.halo.extent, channels()};
    e.b.load(gradient, {start(0), windowH, windowW, start(3)}, box, View::whole(windows));
    if (g.average)
      divide(windows, box, windowH, windowW);
    SmallVector<int64_t> s = View::whole(halo).strides;
    View to{halo,
            e.constant(l.gradH.windowOffset * s[1] + l.gradW.windowOffset * s[2]),
            {s[0], l.gradH.windows.extent > 1 ? p.h.stride * s[1] : 0,
             l.gradW.windows.extent > 1 ? p.w.stride * s[2] : 0, 1}};
    std::optional<View> x;
    if (!g.average) {
      Value tile = e.alloc(l.x);
      e.b.load(input,
               {start(0), index[1] * l.gradH.halo.step + l.gradH.halo.base,
                index[2] * l.gradW.halo.step + l.gradW.halo.base, start(3)},
               haloBox, View::whole(tile), kMinusInfinity);
      x = View{tile, to.offset, to.strides};
    }
    e.b.map(tile::VectorFunction::Fill, haloBox, View::whole(halo), {}, 0.0f);
    Taps taps = tapsIn(s);
    e.b.poolGrad(function(), box, taps.sides, taps.steps, to, View::whole(windows), x);
    e.b.store({halo, e.constant(l.gradH.ownedOffset * s[1] + l.gradW.ownedOffset * s[2]), s}, result,
              {start(0), start(1), start(2), start(3)},
              {images(), e.extent(l.tile[1], p.h.input, start(1)), e.extent(l.tile[2], p.w.input, start(2)),
               channels()});
  }

  Emitter &e;
  const PoolProblem &p;
  const PoolGeometry &g;
  PoolLayout l;
  SmallVector<AffineExpr> index;
};

} // namespace

LogicalResult lowerPool(Operation *op, Emitter &e) {
  std::unique_ptr<PoolProblem> problem = makePoolProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  PoolGeometry geometry = poolGeometry(op);
  if (!foldLongSide({{geometry.h.kernel, geometry.w.kernel}, {1, 1}}))
    return op->emitError() << "the window of " << op->getName() << " is " << geometry.h.kernel << " by "
                           << geometry.w.kernel << ", an instruction takes sides of at most " << kLongestSide
                           << ", or one line that is the product of two such sides";
  PoolLowering lowering(e, *problem, geometry, *choice);
  if (geometry.gradient)
    lowering.gradient = e.dram(op->getOperands().back());
  if (!isa<nn::AvgPoolGradOp>(op))
    lowering.input = e.dram(op->getOperand(0));
  lowering.result = e.dram(op->getResult(0));
  if (!geometry.uniform)
    lowering.factors = e.constantTensor("window_reciprocals", {1, geometry.h.output, geometry.w.output, 1},
                                        geometry.reciprocals);
  lowering.emit();
  return success();
}

} // namespace arsis::compiler
