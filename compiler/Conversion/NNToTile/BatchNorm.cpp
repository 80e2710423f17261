// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// batch_norm in training and its gradient: sums over pixels, then arithmetic on channel vectors, then an
// elementwise pass. If all pixels of a column tile fit, they are loaded once; else every pass loads them
// again. Each line of arithmetic rounds, in exactly the order of the documented formulas.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Conversion/NNToTile/Matrix.h"
#include "compiler/Transforms/Map/Families.h"

using namespace mlir;

namespace arsis::compiler {

using F = tile::VectorFunction;

namespace {

/// A matrix that is read in several passes: from the resident copy, or tile by tile from DRAM.
class Source {
public:
  Source(MatrixEmitter &m, const char *name, Value matrix) : m(m), name(name), matrix(matrix) {
    if (m.layout.resident)
      resident = m.loadAllRows(name, matrix);
  }
  View tile() { return resident ? m.rowsOf(resident) : m.loadTile(name, matrix); }

private:
  MatrixEmitter &m;
  const char *name;
  Value matrix, resident;
};

} // namespace

LogicalResult lowerBatchNorm(nn::BatchNormOp op, Emitter &e) {
  std::unique_ptr<MatrixProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  MatrixEmitter m(e, *problem, *choice);
  float inverse = float(1.0 / double(m.rows)), unbiased = float(1.0 / double(m.rows - 1));
  float momentum = op.getMomentum().convertToFloat(), epsilon = op.getEpsilon().convertToFloat();
  float keep = 1.0f - momentum;
  Value x = e.dram(op.getX(), {m.rows, m.columns}), y = e.dram(op.getY(), {m.rows, m.columns});
  Value scaleTensor = e.dram(op.getScale()), biasTensor = e.dram(op.getBias());
  Value oldMean = e.dram(op.getRunningMean()), oldVariance = e.dram(op.getRunningVar());
  Value meanTensor = e.dram(op.getMean()), rstdTensor = e.dram(op.getRstd());
  Value newMean = e.dram(op.getNewRunningMean()), newVariance = e.dram(op.getNewRunningVar());
  m.forColumnTiles([&] {
    View scale = m.loadChannels("scale", scaleTensor), bias = m.loadChannels("bias", biasTensor);
    View runningMean = m.loadChannels("running mean", oldMean);
    View runningVariance = m.loadChannels("running variance", oldVariance);
    View mean = m.channels("mean"), squares = m.channels("squares"), rstd = m.channels("rstd");
    View work = m.channels("unbiased");
    SmallVector<Extent> box = m.channelBox();
    Source source(m, "input", x);
    m.forRowTiles([&] { m.sumRows(source.tile(), mean); });
    m.map(F::Scale, box, mean, {mean}, inverse);
    m.forRowTiles([&] {
      View from = source.tile(), t = m.tile("centred");
      m.map(F::Subtract, m.tileBox(), t, {from, mean});
      m.map(F::Multiply, m.tileBox(), t, {t, t});
      m.sumRows(t, squares);
    });
    m.map(F::Scale, box, rstd, {squares}, inverse);
    m.map(F::Offset, box, rstd, {rstd}, epsilon);
    m.map(F::Rsqrt, box, rstd, {rstd});
    m.map(F::Scale, box, runningMean, {runningMean}, keep);
    m.map(F::ScaleAdd, box, runningMean, {mean, runningMean}, momentum);
    m.map(F::Scale, box, work, {squares}, unbiased);
    m.map(F::Scale, box, runningVariance, {runningVariance}, keep);
    m.map(F::ScaleAdd, box, runningVariance, {work, runningVariance}, momentum);
    m.storeChannels(mean, meanTensor);
    m.storeChannels(rstd, rstdTensor);
    m.storeChannels(runningMean, newMean);
    m.storeChannels(runningVariance, newVariance);
    m.forRowTiles([&] {
      View from = source.tile(), to = m.tile("output", m.layout.slots);
      m.map(F::Subtract, m.tileBox(), to, {from, mean});
      m.map(F::Multiply, m.tileBox(), to, {to, rstd});
      m.map(F::Fma, m.tileBox(), to, {to, scale, bias});
      m.storeTile(to, y);
    });
  });
  return success();
}

LogicalResult lowerBatchNormGrad(nn::BatchNormGradOp op, Emitter &e) {
  std::unique_ptr<MatrixProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  MatrixEmitter m(e, *problem, *choice);
  float inverse = float(1.0 / double(m.rows));
  Value gy = e.dram(op.getGy(), {m.rows, m.columns}), x = e.dram(op.getX(), {m.rows, m.columns});
  Value gx = e.dram(op.getGx(), {m.rows, m.columns});
  Value scaleTensor = e.dram(op.getScale()), meanTensor = e.dram(op.getMean()),
        rstdTensor = e.dram(op.getRstd());
  Value gradScale = e.dram(op.getGscale()), gradBias = e.dram(op.getGbias());
  m.forColumnTiles([&] {
    View scale = m.loadChannels("scale", scaleTensor), mean = m.loadChannels("mean", meanTensor);
    View rstd = m.loadChannels("rstd", rstdTensor);
    View sumBias = m.channels("bias gradient"), sumScale = m.channels("scale gradient");
    View k = m.channels("factor"), a = m.channels("mean gradient"), b = m.channels("mean product");
    SmallVector<Extent> box = m.channelBox();
    Source gradient(m, "gradient", gy), input(m, "input", x);
    auto normalise = [&](const View &to) {
      m.map(F::Subtract, m.tileBox(), to, {input.tile(), mean});
      m.map(F::Multiply, m.tileBox(), to, {to, rstd});
    };
    m.forRowTiles([&] {
      View g = gradient.tile(), t = m.tile("product");
      m.sumRows(g, sumBias);
      normalise(t);
      m.map(F::Multiply, m.tileBox(), t, {g, t});
      m.sumRows(t, sumScale);
    });
    m.map(F::Multiply, box, k, {scale, rstd});
    m.map(F::Scale, box, a, {sumBias}, inverse);
    m.map(F::Scale, box, b, {sumScale}, inverse);
    m.storeChannels(sumScale, gradScale);
    m.storeChannels(sumBias, gradBias);
    m.forRowTiles([&] {
      View g = gradient.tile(), t = m.tile("normalised"), to = m.tile("output", m.layout.slots);
      normalise(t);
      m.map(F::Multiply, m.tileBox(), t, {t, b});
      m.map(F::Subtract, m.tileBox(), to, {g, a});
      m.map(F::Subtract, m.tileBox(), to, {to, t});
      m.map(F::Multiply, m.tileBox(), to, {to, k});
      m.storeTile(to, gx);
    });
  });
  return success();
}

} // namespace arsis::compiler
