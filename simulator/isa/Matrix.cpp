// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// load_weights and multiply. An element adds its products in ascending K from +0 with fused multiply-adds;
// the finished partial then overwrites or is added to the accumulator. Rows whose K elements are contiguous
// are streamed in place, others are gathered first; neither changes an operation or its order.
#include "dialects/Isa/Numerics/Kernels.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Gather.h"

#include <cstring>

namespace arsis::sim {

void loadWeights(const LoadWeightsOperation &op, const Memories &memories, WeightBank &bank) {
  bank.rows = product(op.kCount);
  bank.columns = op.nCount;
  bank.values.resize(static_cast<size_t>(bank.rows * bank.columns));
  gather<4>(memories.scratchpad.data() + op.source.address, op.source.type,
            {op.kCount[0], op.kCount[1], op.kCount[2], op.nCount},
            {op.source.stride[0], op.source.stride[1], op.source.stride[2], op.nStride}, bank.values.data());
}

/// Stride of the K box if it is one dimension after collapsing, else 0.
static int64_t kStep(const MultiplyOperation &op) {
  int64_t step = 0, count = 1;
  for (size_t reversed = 0; reversed < 3; ++reversed) {
    const size_t d = 2 - reversed;
    if (op.kCount[d] == 1)
      continue;
    if (count > 1 && op.kStride[d] != step * count)
      return 0;
    step = count > 1 ? step : op.kStride[d];
    count *= op.kCount[d];
  }
  return count == 1 ? 1 : step;
}

void sampleMultiply(const MultiplyOperation &op, const Memories &memories, const WeightBank &bank,
                    Result &result) {
  const int64_t M = product(op.mCount), K = bank.rows, N = bank.columns;
  result.values.resize(static_cast<size_t>(M * N));
  const uint8_t *source = memories.scratchpad.data() + op.source.address;
  if (op.source.type == ElementType::F32 && kStep(op) == 1) {
    const Nest<2, 3> rows(op.mCount, {denseStrides(op.mCount), op.source.stride});
    auto *x = reinterpret_cast<const float *>(source);
    rows.forEachRun([&](const std::array<int64_t, 2> &offset) {
      numerics::multiplyAccumulate(x + offset[1], rows.runStride(1), bank.values.data(), N,
                                   result.values.data() + offset[0] * N, rows.runStride(0) * N,
                                   rows.runLength(), K, N);
    });
    return;
  }
  result.scratch.resize(static_cast<size_t>(M * K));
  const Box3 &m = op.mCount, &k = op.kCount, &ms = op.source.stride, &ks = op.kStride;
  gather<6>(source, op.source.type, {m[0], m[1], m[2], k[0], k[1], k[2]},
            {ms[0], ms[1], ms[2], ks[0], ks[1], ks[2]}, result.scratch.data());
  numerics::multiplyAccumulate(result.scratch.data(), bank.values.data(), result.values.data(), M, K, N);
}

void commitMultiply(const MultiplyOperation &op, MatrixMemory &memory, const Result &result) {
  const Nest<2, 3> rows(op.mCount, {denseStrides(op.mCount), op.accumulatorStride});
  const int64_t columns = memory.columns, N = op.columns;
  rows.forEachRun([&](const std::array<int64_t, 2> &offset) {
    const float *partial = result.values.data() + offset[0] * N;
    float *row = memory.accumulator.data() + (op.accumulatorRow + offset[1]) * columns;
    const int64_t partialStep = rows.runStride(0) * N, rowStep = rows.runStride(1) * columns;
    if (partialStep == N && rowStep == N) { // rows are whole: one long run
      if (op.accumulate)
        numerics::addInto(row, partial, rows.runLength() * N);
      else
        std::memcpy(row, partial, static_cast<size_t>(rows.runLength() * N) * sizeof(float));
      return;
    }
    for (int64_t i = 0; i < rows.runLength(); ++i, partial += partialStep, row += rowStep)
      if (op.accumulate)
        numerics::addInto(row, partial, N);
      else
        std::memcpy(row, partial, static_cast<size_t>(N) * sizeof(float));
  });
}

} // namespace arsis::sim
