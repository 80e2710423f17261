// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The first step of instructions whose kernels read dense fp32: a strided view of the scratchpad, widened.
#pragma once

#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Nest.h"
#include "simulator/isa/Operation.h"

namespace arsis::sim {

/// to[i] = element i * step of `from`, for i < n.
inline void gatherRun(const uint8_t *from, ElementType type, int64_t step, int64_t n, float *to) {
  if (step == 1)
    return numerics::widen(from, type, to, n);
  if (type == ElementType::F32) {
    auto *words = reinterpret_cast<const float *>(from);
    for (int64_t i = 0; i < n; ++i)
      to[i] = words[i * step];
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    to[i] = numerics::readElement(from, type, i * step);
}

/// Dense row-major fp32 copy of a strided box of the scratchpad.
template <size_t dims>
void gather(const uint8_t *from, ElementType type, const std::array<int64_t, dims> &count,
            const std::array<int64_t, dims> &stride, float *to) {
  const Nest<2, dims> nest(count, {denseStrides(count), stride});
  const int64_t size = numerics::sizeInBytes(type);
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    gatherRun(from + offset[1] * size, type, nest.runStride(1), nest.runLength(), to + offset[0]);
  });
}

} // namespace arsis::sim
