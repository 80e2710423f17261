// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The last step of most instructions: dense row-major fp32 results cast into a strided view of the
// scratchpad, in order.
#pragma once

#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Memories.h"
#include "simulator/isa/Nest.h"

namespace arsis::sim {

template <size_t dims>
void scatter(const float *values, const std::array<int64_t, dims> &count,
             const View<std::array<int64_t, dims>> &view, Memories &memories) {
  const Nest<2, dims> nest(count, {denseStrides(count), view.stride});
  const int64_t n = nest.runLength(), to = nest.runStride(1);
  const int64_t size = numerics::sizeInBytes(view.type);
  uint8_t *base = memories.scratchpad.data() + view.address;
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    const float *source = values + offset[0];
    uint8_t *target = base + offset[1] * size;
    if (to == 1) {
      numerics::narrow(source, view.type, target, n);
    } else if (view.type == ElementType::F32) {
      auto *words = reinterpret_cast<float *>(target);
      for (int64_t i = 0; i < n; ++i)
        words[i * to] = source[i];
    } else {
      for (int64_t i = 0; i < n; ++i)
        numerics::writeElement(target, view.type, i * to, source[i]);
    }
  });
}

} // namespace arsis::sim
