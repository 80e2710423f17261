// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// softmax_cross_entropy and its gradient, a tile of images at a time with all classes of an image in one
// tile. The sums over classes use the architectural lane tree, the mean over the batch follows the plan's
// chunks of images.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Conversion/NNToTile/Matrix.h"
#include "compiler/Transforms/Map/Families.h"

using namespace mlir;

namespace arsis::compiler {

using F = tile::VectorFunction;

/// 1 at the label of each row, 0 elsewhere.
static void emitOneHot(MatrixEmitter &m, Value labels, const View &to) {
  Emitter &e = m.e;
  View view = m.rowVector("labels", e.b.builder.getI32Type(), m.layout.slots);
  View dense{view.buffer, {}, {0, 0, 0, 1}};
  e.b.load(labels, {e.constant(0), e.constant(0), e.constant(0), m.rowStart()}, {1, 1, 1, m.rowExtent()},
           dense);
  m.map(F::OneHot, m.tileBox(), to, {view});
}

LogicalResult lowerSoftmaxCrossEntropy(nn::SoftmaxCrossEntropyOp op, Emitter &e) {
  std::unique_ptr<MatrixProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  MatrixEmitter m(e, *problem, *choice);
  Value logits = e.dram(op.getLogits()), labels = e.dram(op.getLabels());
  Value probabilities = e.dram(op.getProbabilities()), lossTensor = e.dram(op.getLoss());
  AffineExpr zero = e.constant(0);
  View loss = m.scalar("loss");
  m.forRowTiles([&] {
    View x = m.loadTile("logits", logits), p = m.tile("probabilities", m.layout.slots);
    View d = m.tile("shifted"), hot = m.tile("one hot");
    View most = m.rowVector("maximum", e.f32()), sum = m.rowVector("sum", e.f32());
    View reciprocal = m.rowVector("reciprocal", e.f32()), logarithm = m.rowVector("logarithm", e.f32());
    View target = m.rowVector("target", e.f32());
    SmallVector<Extent> box = m.tileBox(), rows = m.rowBox();
    e.b.reduce(tile::ReduceFunction::Max, box, {3}, most, x, zero);
    m.map(F::Subtract, box, d, {x, most});
    m.map(F::Exp, box, p, {d});
    e.b.reduce(tile::ReduceFunction::Sum, box, {3}, sum, p, zero);
    m.map(F::Reciprocal, rows, reciprocal, {sum});
    m.map(F::Multiply, box, p, {p, reciprocal});
    m.storeTile(p, probabilities);
    m.map(F::Log, rows, logarithm, {sum});
    emitOneHot(m, labels, hot);
    m.map(F::Multiply, box, hot, {hot, d});
    e.b.reduce(tile::ReduceFunction::Sum, box, {3}, target, hot, zero);
    m.map(F::Subtract, rows, logarithm, {logarithm, target});
    e.b.reduce(tile::ReduceFunction::Sum, rows, {2}, loss, logarithm, m.rowIndex);
  });
  m.map(F::Scale, {1, 1, 1, 1}, loss, {loss}, float(1.0 / double(m.rows)));
  e.b.store(loss, lossTensor, {zero, zero, zero, zero}, {1, 1, 1, 1});
  return success();
}

LogicalResult lowerSoftmaxCrossEntropyGrad(nn::SoftmaxCrossEntropyGradOp op, Emitter &e) {
  std::unique_ptr<MatrixProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  MatrixEmitter m(e, *problem, *choice);
  Value probabilities = e.dram(op.getProbabilities()), labels = e.dram(op.getLabels());
  Value gloss = e.dram(op.getGloss()), glogits = e.dram(op.getGlogits());
  View k = m.loadScalar("loss gradient", gloss);
  m.map(F::Scale, {1, 1, 1, 1}, k, {k}, float(1.0 / double(m.rows)));
  m.forRowTiles([&] {
    View p = m.loadTile("probabilities", probabilities), hot = m.tile("one hot");
    View to = m.tile("gradient", m.layout.slots);
    emitOneHot(m, labels, hot);
    m.map(F::Subtract, m.tileBox(), to, {p, hot});
    m.map(F::Multiply, m.tileBox(), to, {to, k});
    m.storeTile(to, glogits);
  });
  return success();
}

} // namespace arsis::compiler
