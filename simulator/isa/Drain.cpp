// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// drain: accumulator rows to a strided view of the scratchpad, cast on the way.
#include "simulator/isa/Families.h"
#include "simulator/isa/Nest.h"
#include "simulator/isa/Scatter.h"

#include <cstring>

namespace arsis::sim {

void sampleDrain(const DrainOperation &op, const MatrixMemory &memory, Result &result) {
  const int64_t N = op.nCount;
  result.values.resize(static_cast<size_t>(product(op.mCount) * N));
  const Nest<2, 3> rows(op.mCount, {denseStrides(op.mCount), op.accumulatorStride});
  rows.forEachRun([&](const std::array<int64_t, 2> &offset) {
    for (int64_t i = 0; i < rows.runLength(); ++i) {
      const int64_t row = op.accumulatorRow + offset[1] + i * rows.runStride(1);
      std::memcpy(result.values.data() + (offset[0] + i * rows.runStride(0)) * N,
                  memory.accumulator.data() + row * memory.columns, static_cast<size_t>(N) * sizeof(float));
    }
  });
}

void commitDrain(const DrainOperation &op, Memories &memories, const Result &result) {
  const Box3 &m = op.mCount, &stride = op.destination.stride;
  scatter<4>(
      result.values.data(), {m[0], m[1], m[2], op.nCount},
      {op.destination.address, {stride[0], stride[1], stride[2], op.columnStride}, op.destination.type},
      memories);
}

} // namespace arsis::sim
