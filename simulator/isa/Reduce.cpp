// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// reduce: the architectural tree of 16 partials over the reduced dimensions in row-major order. With
// `accumulate` the result is combined with the destination when the instruction completes.
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Gather.h"
#include "simulator/isa/Scatter.h"

namespace arsis::sim {
namespace {

Box4 keptCounts(const ReduceOperation &op) {
  Box4 kept = op.count;
  for (size_t d = 0; d < 4; ++d)
    if (op.mask >> d & 1)
      kept[d] = 1;
  return kept;
}

Box4 reducedCounts(const ReduceOperation &op) {
  Box4 reduced{1, 1, 1, 1};
  for (size_t d = 0; d < 4; ++d)
    if (op.mask >> d & 1)
      reduced[d] = op.count[d];
  return reduced;
}

} // namespace

void sampleReduce(const ReduceOperation &op, const Memories &memories, Result &result) {
  const Box4 kept = keptCounts(op);
  result.values.resize(static_cast<size_t>(product(kept)));
  View<Box4> view = op.source;
  const uint8_t *from = memories.scratchpad.data() + view.address;
  // Halves are widened at once, unless strides of zero show the same few again and again.
  if (view.type != ElementType::F32 &&
      product(op.count) <= static_cast<int64_t>(memories.scratchpad.size())) {
    result.scratch.resize(static_cast<size_t>(product(op.count)));
    gather<4>(from, view.type, op.count, view.stride, result.scratch.data());
    view = {0, denseStrides(op.count), ElementType::F32};
    from = reinterpret_cast<const uint8_t *>(result.scratch.data());
  }
  const Nest<2, 4> results(kept, {denseStrides(kept), view.stride});
  const Nest<1, 4> terms(reducedCounts(op), {view.stride});
  const int64_t n = results.runLength(), step = results.runStride(1);
  const bool kernel = view.type == ElementType::F32 && terms.isOneRun();
  results.forEachRun([&](const std::array<int64_t, 2> &offset) {
    float *target = result.values.data() + offset[0];
    const uint8_t *source = from + offset[1] * numerics::sizeInBytes(view.type);
    auto reduceFloats = [&](int64_t first, int64_t columns) {
      numerics::reduceColumns(op.function, target + first,
                              reinterpret_cast<const float *>(source) + first * step, terms.runStride(0),
                              terms.runLength(), columns);
    };
    if (kernel && step == 1)
      return reduceFloats(0, n);
    for (int64_t i = 0; i < n; ++i) {
      if (kernel) {
        reduceFloats(i, 1);
        continue;
      }
      numerics::TreeReduction reduction(op.function);
      terms.forEachRun([&](const std::array<int64_t, 1> &term) {
        for (int64_t k = 0; k < terms.runLength(); ++k)
          reduction.take(
              numerics::readElement(source, view.type, i * step + term[0] + k * terms.runStride(0)));
      });
      target[i] = reduction.result();
    }
  });
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
