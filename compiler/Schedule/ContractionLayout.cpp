// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of convolutions, input gradients and matrix products. The streamed tile stays in its natural
// order with its halo; taps are offsets into it. Operands whose DRAM order differs (transposed matrices, the
// weights of the input gradient) are turned by the DMA on the way in, so that the array always sees K rows of
// dense columns.
#include "compiler/Schedule/Contraction.h"
#include "compiler/Schedule/LayoutBuilder.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

class Writer {
public:
  Writer(const Contraction &space, ContractionTiling tiling, Layout &layout, const MakeBeside &make)
      : p(space), l(std::move(tiling)), b(layout), beside(make ? make(b, index) : nullptr) {
    if (p.convolution.epilogue)
      epilogue.emplace(*p.convolution.epilogue, b);
    if (p.convolution.streamed.prologue)
      prologue.emplace(*p.convolution.streamed.prologue, b);
  }

  void write() {
    if (prologue)
      prologue->declareTensors(p.convolution.streamed.shape);
    else
      streamedTensor =
          b.tensor(p.convolution.streamed.value, p.convolution.streamed.shape, p.convolution.streamed.type);
    weightsTensor = b.tensor(p.convolution.stationary.value, weightsShape(), p.convolution.stationary.type);
    if (epilogue)
      epilogue->declareTensors(p.convolution.resultShape);
    else
      resultTensor = b.tensor(p.convolution.result, p.convolution.resultShape, p.convolution.resultType);
    auto withTaps = [](const std::vector<AxisPhase> &phases) {
      return std::count_if(phases.begin(), phases.end(),
                           [](const AxisPhase &phase) { return phase.taps > 0; });
    };
    accumulators.resize(withTaps(l.phasesH) * withTaps(l.phasesW));
    constexpr size_t kMostFills = 8; // beyond it one fill of everything is cheaper
    fillsWhole = l.phasesH.size() * l.phasesW.size() - accumulators.size() > kMostFills;
    if (beside)
      beside->declareTensors();
    totalProducts = countProducts() + (beside ? beside->products() : 0);
    // Without tiles of channels a phase drains before the next one begins.
    const bool channelTiles = l.order.counts[l.k] > 1;
    std::vector<LayoutBuilder::Action> before, after;
    const EpilogueWriter::Columns columns = {p.vectors(l), 0, p.allColumns()};
    if (epilogue)
      before.push_back({LoopOrder::kTop, [&] { epilogue->begin(columns); }});
    if (prologue && !accumulators.empty())
      before.push_back({LoopOrder::kTop, [&] { prologue->begin(vectorOf(p.shape.groups * p.reduced)); }});
    before.push_back(
        {l.resultLevel, [&] { result = epilogue ? epilogue->allocTile(l.result) : b.alloc(l.result); }});
    if (!accumulators.empty()) { // else no tap reaches the result
      before.push_back({l.weightsLevel, [&] { loadWeightsTile(); }});
      before.push_back({l.streamedLevel, [&] { loadStreamedTile(); }});
    }
    if (beside)
      beside->join(before, after);
    if (channelTiles) {
      before.push_back({l.resultLevel, [&] {
                          for (size_t i = 0; i < accumulators.size(); ++i)
                            allocAccumulators(i);
                        }});
      after.push_back({l.resultLevel, [&] {
                         fillWhole();
                         forPhases([&](const AxisPhase &h, const AxisPhase &w, int i) { drain(h, w, i); });
                       }});
    }
    after.push_back({l.resultLevel, [&] { store(); }});
    if (epilogue)
      after.push_back({LoopOrder::kTop, [&] { epilogue->end(columns); }});
    b.nest(
        l.order, index, before, [&] { body(channelTiles); }, after);
  }

private:
  void body(bool channelTiles) {
    products = 0;
    if (!channelTiles)
      fillWhole();
    forPhases([&](const AxisPhase &h, const AxisPhase &w, int i) {
      if (i >= 0) {
        if (!channelTiles)
          allocAccumulators(i);
        multiply(h, w, i);
      }
      if (!channelTiles)
        drain(h, w, i);
    });
    if (beside)
      beside->work(streamed, tileNumber() * totalProducts + products);
  }

  Affine tileNumber() const {
    Affine number;
    for (size_t i = 0; i < l.order.counts.size(); ++i)
      number = number * l.order.counts[i] + index[i];
    return number;
  }

  /// Calls `work` with every pair of phases and the number of its accumulator, -1 if no tap reaches it.
  template <class Work> void forPhases(Work work) {
    int accumulator = 0;
    for (const AxisPhase &h : l.phasesH)
      for (const AxisPhase &w : l.phasesW)
        work(h, w, h.taps && w.taps ? accumulator++ : -1);
  }

  /// Loads a tile whose axes are given in tile order, from a tensor whose dimensions are in the order of
  /// `axes`.
  void load(int tensor, int tile, const std::array<int, 4> &axes, const std::array<Affine, 4> &at,
            const Box4 &box) {
    const Shape4 strides = b.strides(tile);
    View to{tile, 0, {}};
    std::array<Affine, 4> coordinates;
    Box4 extents;
    for (size_t d = 0; d < 4; ++d) {
      coordinates[d] = at[axes[d]];
      extents[d] = box[axes[d]];
      to.strides[d] = strides[axes[d]];
    }
    b.load(tensor, coordinates, extents, to);
  }

  bool together() const { return l.groups.together(); }
  std::vector<int64_t> weightsShape() const {
    if (!together())
      return p.convolution.stationary.shape;
    return {p.shape.h.kernel * p.shape.w.kernel, p.shape.channels, p.shape.groups, p.shape.outputs};
  }

  // Where a tile begins among all channels and columns, and what it has of them. Groups that are not together
  // are whole, whatever their number.
  Affine firstK() { return index[l.g] * (l.groups.tile * p.reduced) + index[l.k] * l.tileK; }
  Affine firstColumn() { return index[l.g] * (l.groups.tile * p.columns) + index[l.j] * l.columns; }
  Extent tileK() {
    return together() ? b.extent(l.groups.tile * p.reduced, p.shape.groups * p.reduced, firstK())
                      : b.extent(l.tileK, p.reduced, index[l.k] * l.tileK);
  }
  Extent tileColumns() {
    return together() ? b.extent(l.columns, p.allColumns(), firstColumn())
                      : b.extent(l.columns, p.columns, index[l.j] * l.columns);
  }

  void loadStreamedTile() {
    const Affine n = index[l.n] * l.tileN, h = index[l.h] * l.sourceH.step + l.sourceH.base,
                 w = index[l.w] * l.sourceW.step + l.sourceW.base;
    const Box4 box = {b.extent(l.tileN, p.shape.batch, n), l.sourceH.extent, l.sourceW.extent, tileK()},
               inside = {box[0], b.extent(box[1].tile, p.shape.h.input, h),
                         b.extent(box[2].tile, p.shape.w.input, w), box[3]};
    if (prologue) {
      streamed = prologue->make(l.streamed, {{n, h, w, firstK()},
                                             box,
                                             {0, 1, 2, 3},
                                             firstK(),
                                             p.overhangH(l, index[l.h]),
                                             p.overhangW(l, index[l.w]),
                                             inside});
      return;
    }
    streamed = b.alloc(l.streamed);
    load(streamedTensor, streamed, p.convolution.streamed.axes, {n, h, w, firstK()}, box);
  }

  void loadWeightsTile() {
    weights = b.alloc(l.weights);
    if (together())
      return loadDiagonal();
    Affine k = l.resident ? 0 : index[l.k] * l.tileK, column = l.resident ? 0 : index[l.j] * l.columns;
    const Extent ofK = l.resident ? Extent(p.reduced) : b.extent(l.tileK, p.reduced, k),
                 ofColumns = l.resident ? Extent(p.columns) : b.extent(l.columns, p.columns, column);
    (p.forward ? column : k) += index[l.g] * p.shape.outputs; // only these are counted over groups
    load(weightsTensor, weights, p.convolution.stationary.axes, {0, 0, k, column},
         {p.shape.h.kernel, p.shape.w.kernel, ofK, ofColumns});
  }

  /// The blocks of a tile's groups, with zeros beside them where several are packed.
  void loadDiagonal() {
    const Diagonal &d = l.diagonal;
    const int64_t taps = p.shape.h.kernel * p.shape.w.kernel;
    if (l.groups.pack > 1)
      b.map(numerics::VectorFunction::Fill, {1, 1, taps, d.elements}, {weights, 0, {0, 0, d.elements, 1}}, {},
            0);
    const Affine group = index[l.g] * l.groups.tile;
    const int64_t channel = p.forward ? d.pitch : 1, output = p.forward ? 1 : d.pitch;
    b.load(weightsTensor, {0, 0, group, 0},
           {taps, p.shape.channels, b.extent(l.groups.tile, p.shape.groups, group), p.shape.outputs},
           {weights, 0, {d.elements, channel, d.step, output}});
  }

  /// The strides of a row of K in the weights.
  std::array<int64_t, 3> weightStrides() {
    const Shape4 s = b.strides(weights);
    return {s[0], s[1], together() ? l.diagonal.pitch : s[2]};
  }

  void allocAccumulators(size_t phase) {
    accumulators[phase].clear();
    Buffer buffer = l.accumulator;
    for (buffer.unit = 0; buffer.unit < l.split.units(); ++buffer.unit)
      accumulators[phase].push_back(b.alloc(buffer));
  }

  Extent positions(const AxisPhase &phase, int loop) {
    return positionsOf(phase, l.order.counts[loop], index[loop]);
  }
  Box3 pixels(const AxisPhase &h, const AxisPhase &w) {
    return {b.extent(l.tileN, p.shape.batch, index[l.n] * l.tileN), positions(h, l.h), positions(w, l.w)};
  }
  /// The first of a unit's positions along the axis that is split, and all that it has of a phase.
  int64_t firstOf(int64_t unit) const { return l.split.rowOf(unit) * l.splitPositions; }
  Box3 pixelsOf(const AxisPhase &h, const AxisPhase &w, int64_t unit) {
    Box3 box = pixels(h, w);
    if (l.split.rows > 1)
      box[l.splitAxis] = b.part(box[l.splitAxis], firstOf(unit), l.splitPositions);
    return box;
  }

  /// The number of a unit's block in the tile, its first column and how many columns it has.
  Affine blockOf(const Affine &block, int64_t unit) {
    return block * l.split.columns + l.split.columnOf(unit);
  }
  Affine columnOf(const Affine &block, int64_t unit) { return blockOf(block, unit) * l.blockColumns; }
  Extent columnsOf(const Affine &block, int64_t unit) {
    return together()
               ? b.extent(l.blockColumns, p.allColumns(), firstColumn() + columnOf(block, unit), l.columns)
               : b.extent(l.blockColumns, p.columns, index[l.j] * l.columns + columnOf(block, unit),
                          l.columns);
  }
  /// Channels of a chunk, or of a pack of groups.
  Extent channelsOf(const Affine &chunk, const Affine &block, int64_t unit) {
    return together() ? b.extent(l.blockK, p.shape.groups * p.reduced,
                                 firstK() + blockOf(block, unit) * l.blockK, l.groups.tile * p.reduced)
                      : b.extent(l.chunkC, p.reduced, index[l.k] * l.tileK + chunk, l.tileK);
  }
  View3 accumulatorView(const AxisPhase &h, const AxisPhase &w, int phase, int64_t unit,
                        const Affine &block) {
    std::array<int64_t, 3> most = {l.tileN, h.positions, w.positions};
    if (l.split.rows > 1)
      most[l.splitAxis] = std::min(most[l.splitAxis], l.splitPositions);
    const auto [images, rows, columns] = most;
    return {accumulators[phase][unit], block * (images * rows * columns), {rows * columns, columns, 1}};
  }

  void multiply(const AxisPhase &h, const AxisPhase &w, int phase) {
    const int64_t chunksH = ceilDiv(h.taps, l.chunkKh), chunksW = ceilDiv(w.taps, l.chunkKw);
    b.loop(l.blocks, [&](const Affine &block) {
      b.loop(l.chunksPerTile, [&](const Affine &chunk) {
        b.loop(chunksH, [&](const Affine &kh) {
          b.loop(chunksW, [&](const Affine &kw) {
            // Consecutive products take consecutive banks, so that a load hides behind the product before it.
            const Affine bank = tileNumber() * totalProducts + products +
                                ((block * l.chunksPerTile + chunk) * chunksH + kh) * chunksW + kw;
            multiplyChunk(h, w, phase, {block, chunk, kh, kw}, bank);
          });
        });
      });
    });
    products += l.blocks * l.chunksPerTile * chunksH * chunksW;
  }

  struct Chunk {
    Affine block, channels, kh, kw;
  };

  void multiplyChunk(const AxisPhase &h, const AxisPhase &w, int phase, const Chunk &at, const Affine &bank) {
    const Shape4 sx = b.strides(streamed);
    const std::array<int64_t, 3> sw = weightStrides();
    const Affine channel = at.channels * l.chunkC;
    Box3 kBox = {b.extent(l.chunkKh, h.taps, at.kh * l.chunkKh),
                 b.extent(l.chunkKw, w.taps, at.kw * l.chunkKw), channelsOf(channel, at.block, 0)};
    std::array<int64_t, 3> rowsK = {h.tapStep * sx[1], w.tapStep * sx[2], sx[3]};
    std::array<int64_t, 3> weightsK = {sw[0] * h.kernelStep, sw[1] * w.kernelStep, sw[2]};
    if (!together())
      joinTaps(kBox, rowsK, weightsK);
    const Affine weightRow = (at.kh * (l.chunkKh * h.kernelStep) + h.firstTap) * sw[0] +
                             (at.kw * (l.chunkKw * w.kernelStep) + w.firstTap) * sw[1] +
                             ((l.resident ? index[l.k] * l.tileK : Affine()) + channel) * sw[2];
    const std::array<int64_t, 3> steps = {sx[0], h.sourceStep * sx[1], w.sourceStep * sx[2]};
    const View3 rows{streamed,
                     (at.kh * (l.chunkKh * h.tapStep) + h.sourceBase) * sx[1] +
                         (at.kw * (l.chunkKw * w.tapStep) + w.sourceBase) * sx[2] + channel * sx[3],
                     steps};
    for (int64_t unit = 0; unit < l.split.units(); ++unit) {
      const Box3 box = pixelsOf(h, w, unit);
      if (isEmpty(box))
        continue;
      View3 own = rows;
      own.offset += firstOf(unit) * steps[l.splitAxis];
      Affine ownWeights = weightRow;
      if (together()) {
        const Affine block = blockOf(at.block, unit);
        kBox[2] = channelsOf(channel, at.block, unit);
        own.offset += block * (l.blockK * sx[3]);
        ownWeights += block * (l.groups.pack * l.diagonal.step);
      } else {
        ownWeights += columnOf(at.block, unit) + (l.resident ? index[l.j] * l.columns : Affine());
      }
      const Extent columns = columnsOf(at.block, unit);
      b.add(LoadWeights{unit, bank, {weights, ownWeights, weightsK}, kBox, columns});
      b.add(Multiply{unit, bank, own, rowsK, b.rowsIfAny(box, columns), kBox,
                     accumulatorView(h, w, phase, unit, at.block), index[l.k] + at.channels + at.kh + at.kw});
    }
  }

  /// Neighbouring taps of few channels are one contiguous piece of K, which the banks deliver at once.
  void joinTaps(Box3 &kBox, std::array<int64_t, 3> &rowsK, std::array<int64_t, 3> &weightsK) {
    const int64_t channels = p.reduced;
    if (l.chunkC != channels || rowsK[1] != channels * rowsK[2] || weightsK[1] != channels * weightsK[2])
      return;
    Extent joined = kBox[1];
    joined.tile *= channels;
    joined.limit *= channels;
    kBox = {1, kBox[0], joined};
    rowsK = {0, rowsK[0], rowsK[2]};
    weightsK = {0, weightsK[0], weightsK[2]};
  }

  int64_t countProducts() const {
    int64_t total = 0;
    for (const AxisPhase &h : l.phasesH)
      for (const AxisPhase &w : l.phasesW)
        total += l.blocks * l.chunksPerTile * ceilDiv(h.taps, l.chunkKh) * ceilDiv(w.taps, l.chunkKw);
    return total;
  }

  void fillWhole() {
    if (!fillsWhole)
      return;
    const Shape4 &shape = l.result.shape;
    b.map(numerics::VectorFunction::Fill, {shape[0], shape[1], shape[2], shape[3]}, b.whole(result), {}, 0);
  }

  void drain(const AxisPhase &h, const AxisPhase &w, int phase) {
    if (phase < 0 && fillsWhole)
      return;
    const Shape4 s = b.strides(result);
    const Affine at = h.resultBase * s[1] + w.resultBase * s[2];
    const Box3 box = pixels(h, w);
    if (phase < 0) { // no tap reaches these pixels
      b.map(numerics::VectorFunction::Fill, {box[0], box[1], box[2], tileColumns()},
            {result, at, {s[0], h.resultStep * s[1], w.resultStep * s[2], 1}}, {}, 0);
      return;
    }
    const std::array<int64_t, 3> steps = {s[0], h.resultStep * s[1], w.resultStep * s[2]};
    b.loop(l.blocks, [&](const Affine &block) {
      for (int64_t unit = 0; unit < l.split.units(); ++unit)
        if (const Box3 own = pixelsOf(h, w, unit); !isEmpty(own))
          b.add(Drain{unit,
                      accumulatorView(h, w, phase, unit, block),
                      own,
                      columnsOf(block, unit),
                      {result, at + columnOf(block, unit) + firstOf(unit) * steps[l.splitAxis], steps}});
    });
  }

  void store() {
    const Affine n = index[l.n] * l.tileN, h = index[l.h] * l.tileH, w = index[l.w] * l.tileW;
    const EpilogueWriter::Tile tile = {{n, h, w, firstColumn()},
                                       {b.extent(l.tileN, p.shape.batch, n),
                                        b.extent(l.tileH, p.forward ? p.shape.h.output : p.shape.h.input, h),
                                        b.extent(l.tileW, p.forward ? p.shape.w.output : p.shape.w.input, w),
                                        tileColumns()},
                                       firstColumn()};
    if (!epilogue)
      return b.store(b.whole(result), resultTensor, tile.at, tile.box);
    epilogue->loadTile(l.result, tile);
    const int64_t chunks = l.sumChunk > 0 ? l.tileN * l.tileH * l.tileW / l.sumChunk : 0;
    epilogue->apply(tile, chunks, l.sumChunk, index[l.n] + index[l.h] + index[l.w]);
    epilogue->store(tile);
  }

  const Contraction &p;
  const ContractionTiling l;
  LayoutBuilder b;
  int64_t products = 0, totalProducts = 0;
  bool fillsWhole = false; // before the drains, for the pixels that no tap reaches
  std::vector<Affine> index;
  int streamedTensor = 0, weightsTensor = 0, resultTensor = 0, streamed = 0, weights = 0, result = 0;
  std::optional<EpilogueWriter> epilogue;
  std::optional<PrologueWriter> prologue;
  const std::unique_ptr<Beside> beside;
  std::vector<std::vector<int>> accumulators; // [phase][unit]
};

} // namespace

Layout Contraction::layout(const Choice &choice) const { return layoutBeside(choice, {}); }

Layout Contraction::layoutBeside(const Choice &choice, const MakeBeside &make) const {
  Layout layout;
  Writer(*this, tiling(choice), layout, make).write();
  return layout;
}

} // namespace arsis::schedule
