// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operands of an instruction as the closed forms of timing/ see them: axes in bytes instead of boxes with
// element strides.
#pragma once

#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Operation.h"
#include "timing/Banks.h"

namespace arsis::sim {

/// `count` steps of `stride` elements along each dimension.
template <size_t dims>
timing::Axes axesOf(const std::array<int64_t, dims> &count, const std::array<int64_t, dims> &stride,
                    ElementType type) {
  timing::Axes axes;
  const auto size = static_cast<int64_t>(numerics::sizeInBytes(type));
  for (size_t d = 0; d < dims; ++d)
    axes[axes.size() - dims + d] = {count[d], stride[d] * size};
  return axes;
}

/// Beats of the inner axes, one after the other over the outer ones.
inline timing::Walk walkOf(const timing::Axes &outer, const timing::Axes &beat, ElementType type,
                           int64_t address) {
  return {outer, beat, static_cast<int64_t>(numerics::sizeInBytes(type)), address};
}

} // namespace arsis::sim
