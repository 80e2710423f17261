// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// reduce: sequential in row-major order of the reduced dimensions, or the architectural tree of 16 lanes
// along dimension 3. With `accumulate` the result is combined with the destination when the instruction
// completes.
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Scatter.h"

#include <algorithm>

namespace arsis::sim {
namespace {

using numerics::ReduceFunction;

Box4 keptCounts(const ReduceOperation &op) {
  Box4 kept = op.count;
  for (size_t d = 0; d < 4; ++d)
    if (op.mask >> d & 1)
      kept[d] = 1;
  return kept;
}

void reduceLanes(const ReduceOperation &op, const Memories &memories, Result &result) {
  const Nest<2, 3> rows({op.count[0], op.count[1], op.count[2]},
                        {denseStrides<3>({op.count[0], op.count[1], op.count[2]}),
                         Box3{op.source.stride[0], op.source.stride[1], op.source.stride[2]}});
  const uint8_t *from = memories.scratchpad.data() + op.source.address;
  const float identity = numerics::identityOf(op.function);
  rows.forEachRun([&](const std::array<int64_t, 2> &offset) {
    for (int64_t row = 0; row < rows.runLength(); ++row) {
      const int64_t first = offset[1] + row * rows.runStride(1);
      auto read = [&](int64_t i) {
        return numerics::readElement(from, op.source.type, first + i * op.source.stride[3]);
      };
      result.values[static_cast<size_t>(offset[0] + row * rows.runStride(0))] =
          op.function == ReduceFunction::Sum
              ? numerics::laneReduce(op.count[3], identity, read, numerics::add)
              : numerics::laneReduce(op.count[3], identity, read, numerics::maximum);
    }
  });
}

void reduceInOrder(const ReduceOperation &op, const Memories &memories, const Box4 &kept, Result &result) {
  Box4 resultStride = denseStrides(kept);
  for (size_t d = 0; d < 4; ++d)
    if (op.mask >> d & 1)
      resultStride[d] = 0;
  const uint8_t *from = memories.scratchpad.data() + op.source.address;
  const int64_t size = numerics::sizeInBytes(op.source.type);
  const Nest<2, 4> nest(op.count, {resultStride, op.source.stride});
  const int64_t n = nest.runLength(), to = nest.runStride(0), step = nest.runStride(1);
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    float *target = result.values.data() + offset[0];
    const uint8_t *source = from + offset[1] * size;
    if (op.function == ReduceFunction::Sum && op.source.type == ElementType::F32 && to == 1 && step == 1)
      return numerics::addInto(target, reinterpret_cast<const float *>(source), n);
    for (int64_t i = 0; i < n; ++i)
      target[i * to] = numerics::combine(op.function, target[i * to],
                                         numerics::readElement(source, op.source.type, i * step));
  });
}

} // namespace

void sampleReduce(const ReduceOperation &op, const Memories &memories, Result &result) {
  const Box4 kept = keptCounts(op);
  result.values.assign(static_cast<size_t>(product(kept)), numerics::identityOf(op.function));
  if (op.mask == 8)
    reduceLanes(op, memories, result);
  else
    reduceInOrder(op, memories, kept, result);
}

void commitReduce(const ReduceOperation &op, Memories &memories, const Result &result) {
  const Box4 kept = keptCounts(op);
  if (!op.accumulate)
    return scatter<4>(result.values.data(), kept, op.destination, memories);
  auto *destination = reinterpret_cast<float *>(memories.scratchpad.data() + op.destination.address);
  const Nest<2, 4> nest(kept, {denseStrides(kept), op.destination.stride});
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    for (int64_t i = 0; i < nest.runLength(); ++i) {
      float &at = destination[offset[1] + i * nest.runStride(1)];
      at = numerics::combine(op.function, at,
                             result.values[static_cast<size_t>(offset[0] + i * nest.runStride(0))]);
    }
  });
}

} // namespace arsis::sim
