// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weight's gradient on the tiles of the input's: as in WeightGradientLayout.cpp, but that the stationary
// pixels lie in a tile that has a halo.
#include "compiler/Schedule/Beside.h"
#include "compiler/Schedule/Gradients.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

class Writer : public Beside {
public:
  Writer(const Gradients &space, const ContractionTiling &tiling, const WeightTiling &weight,
         LayoutBuilder &b, const std::vector<Affine> &index)
      : p(space), shape(space.shape), l(tiling), t(weight), b(b), index(index) {
    if (p.sibling().streamed.prologue)
      prologue.emplace(*p.sibling().streamed.prologue, b);
  }

  void declareTensors() override {
    const ConvOperand &x = p.sibling().streamed;
    if (prologue)
      prologue->declareTensors(x.shape);
    else
      inputTensor = b.tensor(x.value, x.shape, x.type);
    resultTensor = b.tensor(p.sibling().result, p.sibling().resultShape, p.sibling().resultType);
  }
  int64_t products() const override { return t.products(); }
  void beginAll() override {
    if (prologue)
      prologue->begin(vectorOf(shape.channels));
  }
  int resultLevel() const override { return t.resultLevel; }
  int tileLevel() const override { return t.streamedLevel; }

  void begin() override {
    accumulators.clear();
    Buffer buffer = t.accumulator;
    for (buffer.unit = 0; buffer.unit < t.split.units(); ++buffer.unit)
      accumulators.push_back(b.alloc(buffer));
  }

  void loadTile() override {
    const Affine n = index[l.n] * l.tileN;
    const std::array<Affine, 4> at = {n, index[l.h] * t.sourceH.step + t.sourceH.base,
                                      index[l.w] * t.sourceW.step + t.sourceW.base, firstC()};
    const Box4 box = {b.extent(l.tileN, shape.batch, n), t.sourceH.extent, t.sourceW.extent, tileC()};
    if (prologue) {
      input =
          prologue->make(t.streamed, {at,
                                      box,
                                      {0, 1, 3, 2},
                                      firstC(),
                                      overhangOf(t.sourceH, l.order.counts[l.h], index[l.h], shape.h.input),
                                      overhangOf(t.sourceW, l.order.counts[l.w], index[l.w], shape.w.input),
                                      {}});
      x = b.strides(input);
      return;
    }
    input = b.alloc(t.streamed);
    x = b.strides(input); // of (image, row, channel, column)
    b.load(inputTensor, at, box, {input, 0, {x[0], x[1], x[3], x[2]}});
  }

  void work(int streamed, const Affine &bank) override {
    b.loop(t.blocks, [&](const Affine &block) {
      b.loop(t.chunksN, [&](const Affine &cn) {
        b.loop(t.chunksH, [&](const Affine &ch) {
          b.loop(t.chunksW, [&](const Affine &cw) {
            multiply(streamed, block, {cn, ch, cw},
                     bank + ((block * t.chunksN + cn) * t.chunksH + ch) * t.chunksW + cw);
          });
        });
      });
    });
  }

  void end() override {
    Buffer buffer = t.result;
    const int result = b.alloc(buffer);
    const Shape4 s = b.strides(result);
    b.loop(t.blocks, [&](const Affine &block) {
      for (int64_t unit = 0; unit < t.split.units(); ++unit)
        b.add(Drain{unit,
                    accumulatorView(unit, block),
                    rowsOf(unit),
                    columnsOf(block, unit),
                    {result, columnOf(block, unit) + firstOf(unit) * s[2], {s[0], s[1], s[2]}}});
    });
    b.store(b.whole(result), resultTensor, {0, 0, firstC(), 0},
            {shape.h.kernel, shape.w.kernel, tileC(), shape.outputs});
  }

private:
  Affine firstC() { return index[l.j] * l.columns; }
  Extent tileC() { return b.extent(std::min(l.columns, shape.channels), shape.channels, firstC()); }
  int64_t firstOf(int64_t unit) const { return t.split.rowOf(unit) * t.splitC; }
  Affine columnOf(const Affine &block, int64_t unit) const {
    return (block * t.split.columns + t.split.columnOf(unit)) * p.limits.cols;
  }
  Extent columnsOf(const Affine &block, int64_t unit) {
    return b.extent(p.limits.cols, shape.outputs, columnOf(block, unit),
                    t.blocks * t.split.columns * p.limits.cols);
  }
  Box3 rowsOf(int64_t unit) {
    Box3 rows = {shape.h.kernel, shape.w.kernel, tileC()};
    if (t.split.rows > 1)
      rows[2] = b.part(rows[2], firstOf(unit), t.splitC);
    return rows;
  }
  View3 accumulatorView(int64_t unit, const Affine &block) {
    return {accumulators[unit],
            block * (shape.h.kernel * shape.w.kernel * t.splitC),
            {shape.w.kernel * t.splitC, t.splitC, 1}};
  }

  void multiply(int streamed, const Affine &block, const std::array<Affine, 3> &chunk, const Affine &bank) {
    const Shape4 sg = b.strides(streamed);
    const Affine n = chunk[0] * t.chunkN, h = chunk[1] * t.chunkH, w = chunk[2] * t.chunkW;
    const Box3 kBox = {b.extent(t.chunkN, shape.batch, index[l.n] * l.tileN + n, l.tileN),
                       b.extent(t.chunkH, shape.h.output, index[l.h] * l.tileH + h, l.tileH),
                       b.extent(t.chunkW, shape.w.output, index[l.w] * l.tileW + w, l.tileW)};
    // The tile begins before its own pixels.
    const Affine own = n * sg[0] + (h - l.sourceH.base) * sg[1] + (w - l.sourceW.base) * sg[2];
    const View3 rows{
        input, n * x[0] + h * x[1] + w * x[3], {shape.h.dilation * x[1], shape.w.dilation * x[3], x[2]}};
    const Affine accumulate = index[l.n] + index[l.h] + index[l.w] + chunk[0] + chunk[1] + chunk[2];
    for (int64_t unit = 0; unit < t.split.units(); ++unit) {
      View3 channels = rows;
      channels.offset += firstOf(unit) * x[2];
      const Extent columns = columnsOf(block, unit);
      b.add(LoadWeights{
          unit, bank, {streamed, own + columnOf(block, unit), {sg[0], sg[1], sg[2]}}, kBox, columns});
      b.add(Multiply{unit,
                     bank,
                     channels,
                     {x[0], x[1], x[3]},
                     b.rowsIfAny(rowsOf(unit), columns),
                     kBox,
                     accumulatorView(unit, block),
                     accumulate});
    }
  }

  const Gradients &p;
  const ConvShape &shape;
  const ContractionTiling l;
  const WeightTiling t;
  LayoutBuilder &b;
  const std::vector<Affine> &index; // of the loops of the contraction
  int inputTensor = 0, resultTensor = 0, input = 0;
  Shape4 x{};                    // strides of the tile of the input
  std::vector<int> accumulators; // by unit
  std::optional<PrologueWriter> prologue;
};

} // namespace

Layout Gradients::layout(const Choice &choice) const {
  const ContractionTiling l = tiling(choice);
  const WeightTiling t = weightTiling(choice, l);
  return layoutBeside(choice, [&](LayoutBuilder &builder, const std::vector<Affine> &index) {
    return std::make_unique<Writer>(*this, l, t, builder, index);
  });
}

} // namespace arsis::schedule
