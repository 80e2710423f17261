// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// conv2d_grad_weight: chunks of gradient pixels are the stationary operand, the input streams past them
// transposed, that is with M = (kernel row, kernel column, channel) and K = (image, row, column); the DMA
// turns it on the way in.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Transforms/Map/Families.h"

using namespace mlir;

namespace arsis::compiler {

namespace {

class GradWeightLowering {
public:
  GradWeightLowering(Emitter &e, const GradWeightProblem &problem, const Choice &choice)
      : e(e), shape(problem.shape), l(problem.layout(choice)) {}

  Value xTensor, gradientTensor, resultTensor;

  void emit() {
    units = std::min(e.machine.units, ceilDiv(shape.outputs, e.machine.cols));
    e.nest(l.order, index,
           {{l.resultLevel, [&] { allocResult(); }},
            {l.streamedLevel, [&] { loadStreamed(); }},
            {l.gradientLevel, [&] { loadGradient(); }}},
           [&] { multiply(); }, {{l.resultLevel, [&] { drainAndStore(); }}});
  }

private:
  void allocResult() {
    result = e.alloc(l.result);
    accumulators.clear();
    for (int64_t unit = 0; unit < units; ++unit)
      accumulators.push_back(e.b.accumulators(l.accumulator.name, l.accumulator.shape[0], e.machine.cols,
                                              unit, l.accumulator.slots));
  }

  void loadStreamed() {
    streamed = e.alloc(l.streamed);
    AffineExpr n = index[l.n] * l.tileN, c = index[l.c] * l.tileC;
    AffineExpr row = index[l.h] * (l.tileH * shape.h.stride) + index[l.kh] * (l.tileKh * shape.h.dilation) -
                     shape.h.padBefore;
    e.b.load(xTensor, {n, row, index[l.w] * l.sourceW.step + l.sourceW.base, c},
             {e.extent(l.tileN, shape.batch, n), l.sourceHeight, l.sourceW.extent,
              e.extent(l.tileC, shape.channels, c)},
             {streamed, {}, {x(0), x(1), x(3), x(2)}});
  }

  /// Strides of the streamed tile, whose dimensions are (image, row, channel, column).
  int64_t x(int dimension) { return View::whole(streamed).strides[dimension]; }

  void loadGradient() {
    gradient = e.alloc(l.gradient);
    AffineExpr n = index[l.n] * l.tileN, h = index[l.h] * l.tileH, w = index[l.w] * l.tileW;
    AffineExpr column = index[l.j] * l.columns;
    e.b.load(gradientTensor, {n, h, w, column},
             {e.extent(l.tileN, shape.batch, n), e.extent(l.tileH, shape.h.output, h),
              e.extent(l.tileW, shape.w.output, w), e.extent(l.columns, shape.outputs, column)},
             View::whole(gradient));
  }

  AffineExpr columnOf(AffineExpr block, int64_t unit) {
    return block * (e.machine.units * e.machine.cols) + unit * e.machine.cols;
  }
  Extent columnsOf(AffineExpr block, int64_t unit) {
    return e.extent(e.machine.cols, shape.outputs, index[l.j] * l.columns + columnOf(block, unit), l.columns);
  }
  SmallVector<Extent> resultRows() {
    return {e.extent(l.tileKh, shape.h.kernel, index[l.kh] * l.tileKh), shape.w.kernel,
            e.extent(l.tileC, shape.channels, index[l.c] * l.tileC)};
  }
  View accumulatorView(int64_t unit, AffineExpr block) {
    return {accumulators[unit],
            block * (l.tileKh * shape.w.kernel * l.tileC),
            {shape.w.kernel * l.tileC, l.tileC, 1}};
  }

  void multiply() {
    SmallVector<int64_t> sg = View::whole(gradient).strides;
    AffineExpr tileNumber = e.constant(0);
    for (auto [i, count] : llvm::enumerate(l.order.counts))
      tileNumber = tileNumber * count + index[i];
    e.b.loop(l.blocks, [&](AffineExpr block) {
      e.b.loop(l.chunksN, [&](AffineExpr cn) {
        e.b.loop(l.chunksH, [&](AffineExpr ch) {
          e.b.loop(l.chunksW, [&](AffineExpr cw) {
            AffineExpr bank =
                (((tileNumber * l.blocks + block) * l.chunksN + cn) * l.chunksH + ch) * l.chunksW + cw;
            AffineExpr n = cn * l.chunkN, h = ch * l.chunkH, w = cw * l.chunkW;
            SmallVector<Extent> kBox = {
                e.extent(l.chunkN, shape.batch, index[l.n] * l.tileN + n, l.tileN),
                e.extent(l.chunkH, shape.h.output, index[l.h] * l.tileH + h, l.tileH),
                e.extent(l.chunkW, shape.w.output, index[l.w] * l.tileW + w, l.tileW)};
            View rows{streamed,
                      n * x(0) + h * (shape.h.stride * x(1)) + w * (shape.w.stride * x(3)),
                      {shape.h.dilation * x(1), shape.w.dilation * x(3), x(2)}};
            AffineExpr accumulate = index[l.n] + index[l.h] + index[l.w] + cn + ch + cw;
            for (int64_t unit = 0; unit < units; ++unit) {
              e.b.loadWeights(unit, bank,
                              {gradient,
                               n * sg[0] + h * sg[1] + w * sg[2] + columnOf(block, unit),
                               {sg[0], sg[1], sg[2]}},
                              kBox, columnsOf(block, unit), 1);
              e.b.multiply(unit, bank, rows, {x(0), shape.h.stride * x(1), shape.w.stride * x(3)},
                           Emitter::rowsIfAny(resultRows(), columnsOf(block, unit)), kBox,
                           accumulatorView(unit, block), accumulate);
            }
          });
        });
      });
    });
  }

  void drainAndStore() {
    View whole = View::whole(result);
    e.b.loop(l.blocks, [&](AffineExpr block) {
      for (int64_t unit = 0; unit < units; ++unit)
        e.b.drain(unit, accumulatorView(unit, block), resultRows(), columnsOf(block, unit),
                  {result, columnOf(block, unit), {whole.strides[0], whole.strides[1], whole.strides[2]}}, 1);
    });
    SmallVector<Extent> box = resultRows();
    AffineExpr column = index[l.j] * l.columns;
    box.push_back(e.extent(l.columns, shape.outputs, column));
    e.b.store(whole, resultTensor, {index[l.kh] * l.tileKh, e.constant(0), index[l.c] * l.tileC, column},
              box);
  }

  Emitter &e;
  ConvShape shape;
  GradWeightLayout l;
  int64_t units = 1;
  SmallVector<AffineExpr> index;
  Value streamed, gradient, result;
  SmallVector<Value> accumulators;
};

} // namespace

LogicalResult lowerConv2dGradWeight(nn::Conv2dGradWeightOp op, Emitter &e) {
  std::unique_ptr<GradWeightProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  GradWeightLowering lowering(e, *problem, *choice);
  lowering.xTensor = e.dram(op.getX());
  lowering.gradientTensor = e.dram(op.getGy());
  lowering.resultTensor = e.dram(op.getGw());
  lowering.emit();
  return success();
}

} // namespace arsis::compiler
