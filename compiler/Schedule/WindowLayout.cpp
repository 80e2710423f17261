// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of pooling and its gradients. Padding is what the DMA fills in: minus infinity for the maximum,
// +0 for the average and for gradients of windows that do not exist.
#include "compiler/Schedule/LayoutBuilder.h"
#include "compiler/Schedule/Window.h"

#include <limits>

namespace arsis::schedule {

namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

class Writer {
public:
  Writer(const WindowSpace &space, WindowTiling tiling, Layout &layout)
      : p(space.pooling), unit(space.unit), l(std::move(tiling)), b(layout) {}

  void write() {
    if (p.gradient)
      gradient = tensor(p.outputGradient, unit.values[p.outputGradient].shape);
    if (p.input >= 0)
      input = tensor(p.input, unit.values[p.input].shape);
    result = tensor(p.result, unit.values[p.result].shape);
    if (p.reciprocals >= 0)
      factors = tensor(p.reciprocals, {1, p.h.output, p.w.output, 1});
    b.nest(l.order, index, {}, [&] { p.gradient ? writeGradient() : writeForward(); }, {});
  }

private:
  int tensor(int value, std::vector<int64_t> shape) {
    return b.tensor(value, std::move(shape), unit.values[value].type);
  }
  numerics::ReduceFunction function() const {
    return p.average ? numerics::ReduceFunction::Sum : numerics::ReduceFunction::Max;
  }
  Affine start(int d) { return index[d] * l.tile[d]; }
  Extent images() { return b.extent(l.tile[0], p.batch, start(0)); }
  Extent channels() { return b.extent(l.tile[3], p.channels, start(3)); }

  /// The window's taps in a buffer of these strides. REQUIRES: they fold.
  Taps tapsIn(const Shape4 &strides) const {
    return *foldLongSide({{p.h.kernel, p.w.kernel}, {p.h.dilation * strides[1], p.w.dilation * strides[2]}});
  }

  /// Multiplies a tile in place by the reciprocal of each window's number of elements.
  void divide(int tile, const Box4 &box, const Affine &h, const Affine &w) {
    const View view = b.whole(tile);
    if (p.reciprocals < 0)
      return b.map(numerics::VectorFunction::Scale, box, view, {view}, p.reciprocal);
    const View factor = b.whole(b.alloc(l.factor));
    b.load(factors, {0, h, w, 0}, {1, box[1], box[2], 1}, factor);
    b.map(numerics::VectorFunction::Multiply, box, view,
          {view, {factor.buffer, 0, {0, factor.strides[1], 1, 0}}});
  }

  void writeForward() {
    const int tile = b.alloc(l.input), output = b.alloc(l.output);
    b.load(input,
           {start(0), index[1] * l.sourceH.step + l.sourceH.base, index[2] * l.sourceW.step + l.sourceW.base,
            start(3)},
           {images(), l.sourceH.extent, l.sourceW.extent, channels()}, b.whole(tile),
           p.average ? 0.0f : kMinusInfinity);
    const Shape4 s = b.strides(tile);
    const Box4 box = {images(), b.extent(l.tile[1], p.h.output, start(1)),
                      b.extent(l.tile[2], p.w.output, start(2)), channels()};
    const Taps taps = tapsIn(s);
    b.add(Pool{function(),
               box,
               taps.sides,
               taps.steps,
               b.whole(output),
               {tile, 0, {s[0], p.h.stride * s[1], p.w.stride * s[2], 1}}});
    if (p.average)
      divide(output, box, start(1), start(2));
    b.store(b.whole(output), result, {start(0), start(1), start(2), start(3)}, box);
  }

  void writeGradient() {
    const int windows = b.alloc(l.gradient), halo = b.alloc(l.halo);
    const Affine windowH = index[1] * l.gradH.windows.step + l.gradH.windows.base;
    const Affine windowW = index[2] * l.gradW.windows.step + l.gradW.windows.base;
    const Box4 box = {images(), l.gradH.windows.extent, l.gradW.windows.extent, channels()};
    const Box4 haloBox = {images(), l.gradH.halo.extent, l.gradW.halo.extent, channels()};
    b.load(gradient, {start(0), windowH, windowW, start(3)}, box, b.whole(windows));
    if (p.average)
      divide(windows, box, windowH, windowW);
    const Shape4 s = b.strides(halo);
    const View to{halo,
                  l.gradH.windowOffset * s[1] + l.gradW.windowOffset * s[2],
                  {s[0], l.gradH.windows.extent > 1 ? p.h.stride * s[1] : 0,
                   l.gradW.windows.extent > 1 ? p.w.stride * s[2] : 0, 1}};
    std::optional<View> x;
    if (!p.average) {
      const int tile = b.alloc(l.x);
      b.load(input,
             {start(0), index[1] * l.gradH.halo.step + l.gradH.halo.base,
              index[2] * l.gradW.halo.step + l.gradW.halo.base, start(3)},
             haloBox, b.whole(tile), kMinusInfinity);
      x = View{tile, to.offset, to.strides};
    }
    b.map(numerics::VectorFunction::Fill, haloBox, b.whole(halo), {}, 0.0f);
    const Taps taps = tapsIn(s);
    b.add(PoolGrad{function(), box, taps.sides, taps.steps, to, b.whole(windows), x});
    b.store({halo, l.gradH.ownedOffset * s[1] + l.gradW.ownedOffset * s[2], s}, result,
            {start(0), start(1), start(2), start(3)},
            {images(), b.extent(l.tile[1], p.h.input, start(1)), b.extent(l.tile[2], p.w.input, start(2)),
             channels()});
  }

  const Pooling &p;
  const Unit &unit;
  const WindowTiling l;
  LayoutBuilder b;
  std::vector<Affine> index;
  int input = 0, gradient = 0, result = 0, factors = 0; // tensors
};

} // namespace

Layout WindowSpace::layout(const Choice &choice) const {
  Layout layout;
  Writer(*this, tiling(choice), layout).write();
  return layout;
}

} // namespace arsis::schedule
