// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of weight gradients: chunks of gradient pixels are the stationary operand, the input streams
// past them transposed, that is with M = (kernel row, kernel column, channel) and K = (image, row, column);
// the DMA turns it on the way in.
#include "compiler/Schedule/LayoutBuilder.h"
#include "compiler/Schedule/WeightGradient.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

class Writer {
public:
  Writer(const WeightGradient &space, WeightGradientTiling tiling, Layout &layout)
      : p(space), shape(space.shape), l(std::move(tiling)), b(layout) {
    if (p.convolution.streamed.prologue)
      ofStreamed.emplace(*p.convolution.streamed.prologue, b);
    if (p.convolution.stationary.prologue)
      ofGradient.emplace(*p.convolution.stationary.prologue, b);
  }

  void write() {
    const auto declare = [&](const ConvOperand &factor, std::optional<PrologueWriter> &prologue) {
      if (!prologue)
        return b.tensor(factor.value, factor.shape, factor.type);
      prologue->declareTensors(factor.shape);
      return 0;
    };
    xTensor = declare(p.convolution.streamed, ofStreamed);
    gradientTensor = declare(p.convolution.stationary, ofGradient);
    resultTensor = b.tensor(p.convolution.result, resultShape(), p.convolution.resultType);
    b.nest(l.order, index,
           {{LoopOrder::kTop, [&] { beginPrologues(); }},
            {l.resultLevel, [&] { allocResult(); }},
            {l.streamedLevel, [&] { loadStreamed(); }},
            {l.gradientLevel, [&] { loadGradient(); }}},
           [&] { multiply(); }, {{l.resultLevel, [&] { drainAndStore(); }}});
  }

private:
  bool together() const { return l.groups.together(); }
  std::vector<int64_t> resultShape() const {
    if (!together())
      return p.convolution.resultShape;
    return {shape.h.kernel * shape.w.kernel, shape.channels, shape.groups, shape.outputs};
  }

  // Where a tile begins among all channels and columns, and what it has of them. Groups that are not together
  // are whole, whatever their number.
  Affine firstC() { return index[l.g] * (l.groups.tile * shape.channels) + index[l.c] * l.tileC; }
  Affine firstColumn() { return index[l.g] * (l.groups.tile * shape.outputs) + index[l.j] * l.columns; }
  Extent tileC() {
    return together() ? b.extent(l.groups.tile * shape.channels, shape.groups * shape.channels, firstC())
                      : b.extent(l.tileC, shape.channels, index[l.c] * l.tileC);
  }
  Extent tileColumns() {
    return together() ? b.extent(l.columns, shape.groups * shape.outputs, firstColumn())
                      : b.extent(l.columns, shape.outputs, index[l.j] * l.columns);
  }

  void beginPrologues() {
    if (ofStreamed)
      ofStreamed->begin(vectorOf(shape.groups * shape.channels));
    if (ofGradient)
      ofGradient->begin(vectorOf(shape.groups * shape.outputs));
  }

  void allocResult() {
    result = b.alloc(l.result);
    accumulators.clear();
    Buffer buffer = l.accumulator;
    for (buffer.unit = 0; buffer.unit < l.split.units(); ++buffer.unit)
      accumulators.push_back(b.alloc(buffer));
  }

  void loadStreamed() {
    const Affine n = index[l.n] * l.tileN;
    const Affine row = index[l.h] * (l.tileH * shape.h.stride) + index[l.kh] * (l.tileKh * shape.h.dilation) -
                       shape.h.padBefore;
    const std::array<Affine, 4> at = {n, row, index[l.w] * l.sourceW.step + l.sourceW.base, firstC()};
    const Box4 box = {b.extent(l.tileN, shape.batch, n), l.sourceHeight, l.sourceW.extent, tileC()};
    if (ofStreamed)
      streamed = ofStreamed->make(l.streamed, {at,
                                               box,
                                               {0, 1, 3, 2},
                                               firstC(),
                                               p.overhangH(l, index[l.h], index[l.kh]),
                                               p.overhangW(l, index[l.w]),
                                               {}});
    else
      streamed = b.alloc(l.streamed);
    x = b.strides(streamed); // of (image, row, channel, column)
    if (!ofStreamed)
      b.load(xTensor, at, box, {streamed, 0, {x[0], x[1], x[3], x[2]}});
  }

  void loadGradient() {
    const Affine n = index[l.n] * l.tileN, h = index[l.h] * l.tileH, w = index[l.w] * l.tileW;
    const std::array<Affine, 4> at = {n, h, w, firstColumn()};
    const Box4 box = {b.extent(l.tileN, shape.batch, n), b.extent(l.tileH, shape.h.output, h),
                      b.extent(l.tileW, shape.w.output, w), tileColumns()};
    if (ofGradient) {
      gradient = ofGradient->make(l.gradient, {at, box, {0, 1, 2, 3}, firstColumn(), {}, {}, {}});
      return;
    }
    gradient = b.alloc(l.gradient);
    b.load(gradientTensor, at, box, b.whole(gradient));
  }

  Affine blockOf(const Affine &block, int64_t unit) {
    return block * l.split.columns + l.split.columnOf(unit);
  }
  Affine columnOf(const Affine &block, int64_t unit) { return blockOf(block, unit) * l.blockColumns; }
  Extent columnsOf(const Affine &block, int64_t unit) {
    return together() ? b.extent(l.blockColumns, shape.groups * shape.outputs,
                                 firstColumn() + columnOf(block, unit), l.columns)
                      : b.extent(l.blockColumns, shape.outputs,
                                 index[l.j] * l.columns + columnOf(block, unit), l.columns);
  }
  Extent kernelRows() { return b.extent(l.tileKh, shape.h.kernel, index[l.kh] * l.tileKh); }
  /// The rows of a block's product: kernel rows, kernel columns, channels.
  Box3 resultRows(const Affine &block, int64_t unit) {
    return {kernelRows(), shape.w.kernel,
            together() ? b.extent(l.blockC, shape.groups * shape.channels,
                                  firstC() + blockOf(block, unit) * l.blockC, l.groups.tile * shape.channels)
                       : tileC()};
  }
  /// The first of a unit's channels in the tile, and the rows that it has.
  int64_t firstOf(int64_t unit) const { return l.split.rowOf(unit) * l.splitC; }
  Box3 rowsOf(const Affine &block, int64_t unit) {
    Box3 rows = resultRows(block, unit);
    if (l.split.rows > 1)
      rows[2] = b.part(rows[2], firstOf(unit), l.splitC);
    return rows;
  }
  View3 accumulatorView(int64_t unit, const Affine &block) {
    return {accumulators[unit],
            block * (l.tileKh * shape.w.kernel * l.splitC),
            {shape.w.kernel * l.splitC, l.splitC, 1}};
  }

  void multiply() {
    Affine tileNumber;
    for (size_t i = 0; i < l.order.counts.size(); ++i)
      tileNumber = tileNumber * l.order.counts[i] + index[i];
    b.loop(l.blocks, [&](const Affine &block) {
      b.loop(l.chunksN, [&](const Affine &cn) {
        b.loop(l.chunksH, [&](const Affine &ch) {
          b.loop(l.chunksW, [&](const Affine &cw) {
            const Affine bank =
                (((tileNumber * l.blocks + block) * l.chunksN + cn) * l.chunksH + ch) * l.chunksW + cw;
            multiplyChunk(block, cn, ch, cw, bank);
          });
        });
      });
    });
  }

  void multiplyChunk(const Affine &block, const Affine &cn, const Affine &ch, const Affine &cw,
                     const Affine &bank) {
    const Shape4 sg = b.strides(gradient);
    const Affine n = cn * l.chunkN, h = ch * l.chunkH, w = cw * l.chunkW;
    const Box3 kBox = {b.extent(l.chunkN, shape.batch, index[l.n] * l.tileN + n, l.tileN),
                       b.extent(l.chunkH, shape.h.output, index[l.h] * l.tileH + h, l.tileH),
                       b.extent(l.chunkW, shape.w.output, index[l.w] * l.tileW + w, l.tileW)};
    const View3 rows{streamed,
                     n * x[0] + h * (shape.h.stride * x[1]) + w * (shape.w.stride * x[3]),
                     {shape.h.dilation * x[1], shape.w.dilation * x[3], x[2]}};
    const Affine accumulate = index[l.n] + index[l.h] + index[l.w] + cn + ch + cw;
    for (int64_t unit = 0; unit < l.split.units(); ++unit) {
      const Box3 ownRows = rowsOf(block, unit);
      if (isEmpty(ownRows))
        continue;
      View3 own = rows;
      own.offset += firstOf(unit) * x[2];
      if (together())
        own.offset += blockOf(block, unit) * (l.blockC * x[2]);
      const Extent columns = columnsOf(block, unit);
      b.add(LoadWeights{
          unit,
          bank,
          {gradient, n * sg[0] + h * sg[1] + w * sg[2] + columnOf(block, unit), {sg[0], sg[1], sg[2]}},
          kBox,
          columns});
      b.add(Multiply{unit,
                     bank,
                     own,
                     {x[0], shape.h.stride * x[1], shape.w.stride * x[3]},
                     b.rowsIfAny(ownRows, columns),
                     kBox,
                     accumulatorView(unit, block),
                     accumulate});
    }
  }

  void drainAndStore() {
    Shape4 s = b.strides(result);
    if (together())
      s[2] = l.diagonal.pitch;
    b.loop(l.blocks, [&](const Affine &block) {
      for (int64_t unit = 0; unit < l.split.units(); ++unit)
        if (const Box3 own = rowsOf(block, unit); !isEmpty(own))
          b.add(Drain{unit,
                      accumulatorView(unit, block),
                      own,
                      columnsOf(block, unit),
                      {result,
                       together() ? blockOf(block, unit) * (l.groups.pack * l.diagonal.step)
                                  : columnOf(block, unit) + firstOf(unit) * s[2],
                       {s[0], s[1], s[2]}}});
    });
    if (together())
      return storeDiagonal();
    b.store(b.whole(result), resultTensor, {index[l.kh] * l.tileKh, 0, index[l.c] * l.tileC, firstColumn()},
            {kernelRows(), shape.w.kernel, tileC(), tileColumns()});
  }

  /// The blocks of the tile's groups, without what is beside them.
  void storeDiagonal() {
    Extent taps = kernelRows();
    taps.tile *= shape.w.kernel;
    taps.limit *= shape.w.kernel;
    const Affine group = index[l.g] * l.groups.tile;
    b.store({result, 0, {l.diagonal.elements, l.diagonal.pitch, l.diagonal.step, 1}}, resultTensor,
            {index[l.kh] * (l.tileKh * shape.w.kernel), 0, group, 0},
            {taps, shape.channels, b.extent(l.groups.tile, shape.groups, group), shape.outputs});
  }

  const WeightGradient &p;
  const ConvShape &shape;
  const WeightGradientTiling l;
  LayoutBuilder b;
  std::vector<Affine> index;
  int xTensor = 0, gradientTensor = 0, resultTensor = 0;
  int streamed = 0, gradient = 0, result = 0;
  std::optional<PrologueWriter> ofStreamed, ofGradient;
  Shape4 x{};                    // strides of the streamed tile
  std::vector<int> accumulators; // by unit
};

} // namespace

Layout WeightGradient::layout(const Choice &choice) const {
  Layout layout;
  Writer(*this, tiling(choice), layout).write();
  return layout;
}

} // namespace arsis::schedule
