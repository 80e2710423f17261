// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// conv2d, conv2d_grad_input and matmul. The streamed tile stays in its natural order with its halo; taps are
// offsets into it. Operands whose DRAM order differs (transposed matrices, the weights of the input gradient)
// are turned by the DMA on the way in, so that the array always sees K rows of dense columns.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Transforms/Map/Families.h"

using namespace mlir;

namespace arsis::compiler {

namespace {

using Axes = std::array<int, 4>;
constexpr Axes kInOrder = {0, 1, 2, 3}, kLastTwoSwapped = {0, 1, 3, 2};

class ContractionLowering {
public:
  ContractionLowering(Emitter &e, const ContractionProblem &problem, const Choice &choice)
      : e(e), p(problem), l(problem.layout(choice)) {}

  Value streamedTensor, weightsTensor, resultTensor;
  Axes streamedAxes = kInOrder, weightsAxes = kInOrder; // tile axis of each DRAM dimension

  void emit() {
    units = std::min(e.machine.units, ceilDiv(p.columns, e.machine.cols));
    auto withTaps = [](const std::vector<AxisPhase> &phases) {
      return llvm::count_if(phases, [](const AxisPhase &phase) { return phase.taps > 0; });
    };
    accumulators.resize(withTaps(l.phasesH) * withTaps(l.phasesW));
    constexpr size_t kMostFills = 8; // beyond it one fill of everything is cheaper
    fillsWhole = l.phasesH.size() * l.phasesW.size() - accumulators.size() > kMostFills;
    // Without tiles of channels a phase drains before the next one begins.
    bool channelTiles = l.order.counts[l.k] > 1;
    SmallVector<Emitter::Action> before = {{l.resultLevel, [&] { result = e.alloc(l.result); }}}, after;
    if (!accumulators.empty()) { // else no tap reaches the result
      before.push_back({l.weightsLevel, [&] { loadWeightsTile(); }});
      before.push_back({l.streamedLevel, [&] { loadStreamedTile(); }});
    }
    if (channelTiles) {
      before.push_back({l.resultLevel, [&] {
                          for (size_t i = 0; i < accumulators.size(); ++i)
                            allocAccumulators(i);
                        }});
      after.push_back({l.resultLevel, [&] {
                         fillWhole();
                         forPhases([&](auto &h, auto &w, int i) { drain(h, w, i); });
                       }});
    }
    after.push_back({l.resultLevel, [&] { store(); }});
    e.nest(
        l.order, index, before,
        [&] {
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
        },
        after);
  }

private:
  /// Calls `work` with every pair of phases and the number of its accumulator, -1 if no tap reaches it.
  void forPhases(function_ref<void(const AxisPhase &, const AxisPhase &, int)> work) {
    int accumulator = 0;
    for (const AxisPhase &h : l.phasesH)
      for (const AxisPhase &w : l.phasesW)
        work(h, w, h.taps && w.taps ? accumulator++ : -1);
  }

  AffineExpr pixel(int loop, int64_t tile) { return index[loop] * tile; }

  /// Loads a tile whose axes are given in tile order, from a tensor whose dimensions are in the order of
  /// `axes`.
  void load(Value tensor, Value tile, Axes axes, ArrayRef<AffineExpr> at, ArrayRef<Extent> box) {
    View whole = View::whole(tile), to{tile, {}, {}};
    SmallVector<AffineExpr> coordinates;
    SmallVector<Extent> extents;
    for (int axis : axes) {
      coordinates.push_back(at[axis]);
      extents.push_back(box[axis]);
      to.strides.push_back(whole.strides[axis]);
    }
    e.b.load(tensor, coordinates, extents, to);
  }

  void loadStreamedTile() {
    streamed = e.alloc(l.streamed);
    AffineExpr n = pixel(l.n, l.tileN), k = index[l.k] * l.tileK;
    load(streamedTensor, streamed, streamedAxes,
         {n, index[l.h] * l.sourceH.step + l.sourceH.base, index[l.w] * l.sourceW.step + l.sourceW.base, k},
         {e.extent(l.tileN, p.shape.batch, n), l.sourceH.extent, l.sourceW.extent,
          e.extent(l.tileK, p.reduced, k)});
  }

  void loadWeightsTile() {
    weights = e.alloc(l.weights);
    AffineExpr zero = e.constant(0), k = l.resident ? zero : index[l.k] * l.tileK;
    AffineExpr column = l.resident ? zero : index[l.j] * l.columns;
    load(weightsTensor, weights, weightsAxes, {zero, zero, k, column},
         {p.shape.h.kernel, p.shape.w.kernel,
          l.resident ? Extent(p.reduced) : e.extent(l.tileK, p.reduced, k),
          l.resident ? Extent(p.columns) : e.extent(l.columns, p.columns, column)});
  }

  void allocAccumulators(size_t phase) {
    const Buffer &buffer = l.accumulator;
    accumulators[phase].clear();
    for (int64_t unit = 0; unit < units; ++unit)
      accumulators[phase].push_back(
          e.b.accumulators(buffer.name, buffer.shape[0], e.machine.cols, unit, buffer.slots));
  }

  Extent positions(const AxisPhase &phase, int loop) {
    int64_t last = phase.limitBase + phase.limitStep * (l.order.counts[loop] - 1);
    if (l.order.counts[loop] == 1)
      return std::clamp<int64_t>(last, 0, phase.positions);
    if (last >= phase.positions)
      return phase.positions;
    return Extent(phase.positions, index[loop] * phase.limitStep + phase.limitBase);
  }
  SmallVector<Extent> pixels(const AxisPhase &h, const AxisPhase &w) {
    return {e.extent(l.tileN, p.shape.batch, pixel(l.n, l.tileN)), positions(h, l.h), positions(w, l.w)};
  }

  /// First column of a unit's block in the tile, and how many columns it has.
  AffineExpr columnOf(AffineExpr block, int64_t unit) {
    return block * (e.machine.units * e.machine.cols) + unit * e.machine.cols;
  }
  Extent columnsOf(AffineExpr block, int64_t unit) {
    return e.extent(e.machine.cols, p.columns, index[l.j] * l.columns + columnOf(block, unit), l.columns);
  }
  View accumulatorView(const AxisPhase &h, const AxisPhase &w, int phase, int64_t unit, AffineExpr block) {
    int64_t rows = l.tileN * h.positions * w.positions;
    return {accumulators[phase][unit], block * rows, {h.positions * w.positions, w.positions, 1}};
  }

  void multiply(const AxisPhase &h, const AxisPhase &w, int phase) {
    SmallVector<int64_t> sx = View::whole(streamed).strides, sw = View::whole(weights).strides;
    int64_t chunksH = ceilDiv(h.taps, l.chunkKh), chunksW = ceilDiv(w.taps, l.chunkKw);
    int64_t perTile = l.blocks * l.chunksPerTile * chunksH * chunksW;
    AffineExpr zero = e.constant(0), tileNumber = zero;
    for (auto [i, count] : llvm::enumerate(l.order.counts))
      tileNumber = tileNumber * count + index[i];
    AffineExpr channel0 = index[l.k] * l.tileK;
    e.b.loop(l.blocks, [&](AffineExpr block) {
      e.b.loop(l.chunksPerTile, [&](AffineExpr chunk) {
        e.b.loop(chunksH, [&](AffineExpr kh) {
          e.b.loop(chunksW, [&](AffineExpr kw) {
            AffineExpr channel = chunk * l.chunkC;
            // Consecutive products take consecutive banks, so that a load hides behind the product before it.
            AffineExpr bank = tileNumber * totalProducts() + products +
                              ((block * l.chunksPerTile + chunk) * chunksH + kh) * chunksW + kw;
            SmallVector<Extent> kBox = {e.extent(l.chunkKh, h.taps, kh * l.chunkKh),
                                        e.extent(l.chunkKw, w.taps, kw * l.chunkKw),
                                        e.extent(l.chunkC, p.reduced, channel0 + channel, l.tileK)};
            SmallVector<int64_t> rowsK = {h.tapStep * sx[1], w.tapStep * sx[2], sx[3]};
            SmallVector<int64_t> weightsK = {sw[0] * h.kernelStep, sw[1] * w.kernelStep, sw[2]};
            joinTaps(kBox, rowsK, weightsK);
            AffineExpr weightRow = (kh * (l.chunkKh * h.kernelStep) + h.firstTap) * sw[0] +
                                   (kw * (l.chunkKw * w.kernelStep) + w.firstTap) * sw[1] +
                                   ((l.resident ? channel0 : zero) + channel) * sw[2];
            View rows{streamed,
                      (kh * (l.chunkKh * h.tapStep) + h.sourceBase) * sx[1] +
                          (kw * (l.chunkKw * w.tapStep) + w.sourceBase) * sx[2] + channel * sx[3],
                      {sx[0], h.sourceStep * sx[1], w.sourceStep * sx[2]}};
            for (int64_t unit = 0; unit < units; ++unit) {
              AffineExpr column = columnOf(block, unit) + (l.resident ? index[l.j] * l.columns : zero);
              e.b.loadWeights(unit, bank, {weights, weightRow + column, weightsK}, kBox,
                              columnsOf(block, unit), 1);
              e.b.multiply(unit, bank, rows, rowsK, Emitter::rowsIfAny(pixels(h, w), columnsOf(block, unit)),
                           kBox, accumulatorView(h, w, phase, unit, block), index[l.k] + chunk + kh + kw);
            }
          });
        });
      });
    });
    products += perTile;
  }

  /// Neighbouring taps of few channels are one contiguous piece of K, which the banks deliver at once.
  void joinTaps(SmallVector<Extent> &kBox, SmallVector<int64_t> &rowsK, SmallVector<int64_t> &weightsK) {
    int64_t channels = p.reduced;
    if (l.chunkC != channels || rowsK[1] != channels * rowsK[2] || weightsK[1] != channels * weightsK[2])
      return;
    AffineExpr limit = kBox[1].limit;
    kBox = {1, kBox[0], Extent(kBox[1].tile * channels, limit ? limit * channels : limit)};
    rowsK = {0, rowsK[0], rowsK[2]};
    weightsK = {0, weightsK[0], weightsK[2]};
  }

  int64_t totalProducts() const {
    int64_t total = 0;
    for (const AxisPhase &h : l.phasesH)
      for (const AxisPhase &w : l.phasesW)
        total += l.blocks * l.chunksPerTile * ceilDiv(h.taps, l.chunkKh) * ceilDiv(w.taps, l.chunkKw);
    return total;
  }

  void fillWhole() {
    if (!fillsWhole)
      return;
    SmallVector<Extent> box(l.result.shape.begin(), l.result.shape.end());
    e.b.map(tile::VectorFunction::Fill, box, View::whole(result), {}, 0.0f);
  }

  void drain(const AxisPhase &h, const AxisPhase &w, int phase) {
    if (phase < 0 && fillsWhole)
      return;
    SmallVector<int64_t> s = View::whole(result).strides;
    AffineExpr at = e.constant(h.resultBase * s[1] + w.resultBase * s[2]);
    SmallVector<int64_t> strides = {s[0], h.resultStep * s[1], w.resultStep * s[2]};
    SmallVector<Extent> box = pixels(h, w);
    if (phase < 0) { // no tap reaches these pixels
      box.push_back(e.extent(l.columns, p.columns, index[l.j] * l.columns));
      strides.push_back(1);
      e.b.map(tile::VectorFunction::Fill, box, {result, at, strides}, {}, 0.0f);
      return;
    }
    e.b.loop(l.blocks, [&](AffineExpr block) {
      for (int64_t unit = 0; unit < units; ++unit)
        e.b.drain(unit, accumulatorView(h, w, phase, unit, block), box, columnsOf(block, unit),
                  {result, at + columnOf(block, unit), strides}, 1);
    });
  }

  void store() {
    bool forward = p.pass == ContractionProblem::Forward;
    AffineExpr n = pixel(l.n, l.tileN), h = pixel(l.h, l.tileH), w = pixel(l.w, l.tileW);
    AffineExpr column = index[l.j] * l.columns;
    e.b.store(View::whole(result), resultTensor, {n, h, w, column},
              {e.extent(l.tileN, p.shape.batch, n),
               e.extent(l.tileH, forward ? p.shape.h.output : p.shape.h.input, h),
               e.extent(l.tileW, forward ? p.shape.w.output : p.shape.w.input, w),
               e.extent(l.columns, p.columns, column)});
  }

  Emitter &e;
  const ContractionProblem &p;
  ContractionLayout l;
  int64_t units = 1, products = 0;
  bool fillsWhole = false; // before the drains, for the pixels that no tap reaches
  SmallVector<AffineExpr> index;
  Value streamed, weights, result;
  std::vector<SmallVector<Value>> accumulators; // [phase][unit]
};

template <typename Op>
LogicalResult lower(Op op, Emitter &e, Value streamed, Value weights, Value result, Axes streamedAxes,
                    Axes weightsAxes) {
  std::unique_ptr<ContractionProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  ContractionLowering lowering(e, *problem, *choice);
  lowering.streamedTensor = e.dram(streamed);
  lowering.weightsTensor = e.dram(weights);
  lowering.resultTensor = e.dram(result);
  lowering.streamedAxes = streamedAxes;
  lowering.weightsAxes = weightsAxes;
  lowering.emit();
  return success();
}

} // namespace

LogicalResult lowerConv2d(nn::Conv2dOp op, Emitter &e) {
  return lower(op, e, op.getX(), op.getW(), op.getY(), kInOrder, kInOrder);
}

LogicalResult lowerConv2dGradInput(nn::Conv2dGradInputOp op, Emitter &e) {
  return lower(op, e, op.getGy(), op.getW(), op.getGx(), kInOrder, kLastTwoSwapped);
}

LogicalResult lowerMatmul(nn::MatmulOp op, Emitter &e) {
  return lower(op, e, op.getA(), op.getB(), op.getC(), op.getTransposeA() ? kLastTwoSwapped : kInOrder,
               op.getTransposeB() ? kLastTwoSwapped : kInOrder);
}

} // namespace arsis::compiler
