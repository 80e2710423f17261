// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A row-major loop nest over several strided operands, collapsed to as few loops as the strides allow while
// keeping the order of the elements. What is left is walked as runs of the innermost loop, so that a kernel
// sees long runs even when an instruction spells them as four short dimensions.
#pragma once

#include "dialects/Isa/Encoding/Volume.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace arsis::sim {

/// `operands` strided operands walked together over up to `dims` dimensions.
template <size_t operands, size_t dims> class Nest {
public:
  using Counts = std::array<int64_t, dims>;

  /// stride[p] are the element strides of operand p. REQUIRES: counts are not negative.
  Nest(const Counts &counts, const std::array<Counts, operands> &stride) {
    for (size_t reversed = 0; reversed < dims; ++reversed) {
      const size_t d = dims - 1 - reversed;
      if (counts[d] == 0)
        empty = true;
      if (counts[d] == 1)
        continue;
      if (rank > 0 && merges(d, stride)) {
        count[rank - 1] *= counts[d];
        continue;
      }
      count[rank] = counts[d];
      for (size_t p = 0; p < operands; ++p)
        step[p][rank] = stride[p][d];
      ++rank;
    }
    if (rank == 0) { // a single element
      count[0] = 1;
      for (size_t p = 0; p < operands; ++p)
        step[p][0] = 1;
      rank = 1;
    }
  }

  /// Whether a single run has all elements.
  bool isOneRun() const { return rank == 1; }
  int64_t runLength() const { return empty ? 0 : count[0]; }
  /// Stride of operand p inside a run.
  int64_t runStride(size_t p) const { return step[p][0]; }

  /// Calls run(offsets) for every run in row-major order; offsets[p] is that of operand p's first element.
  template <class Run> void forEachRun(Run run) const {
    if (empty)
      return;
    std::array<int64_t, operands> offset{};
    std::array<int64_t, dims> index{};
    for (;;) {
      run(offset);
      size_t d = 1;
      for (; d < rank; ++d) {
        for (size_t p = 0; p < operands; ++p)
          offset[p] += step[p][d];
        if (++index[d] < count[d])
          break;
        for (size_t p = 0; p < operands; ++p)
          offset[p] -= step[p][d] * count[d];
        index[d] = 0;
      }
      if (d >= rank)
        return;
    }
  }

private:
  bool merges(size_t d, const std::array<Counts, operands> &stride) const {
    for (size_t p = 0; p < operands; ++p)
      if (stride[p][d] != step[p][rank - 1] * count[rank - 1])
        return false;
    return true;
  }

  // Innermost first.
  std::array<int64_t, dims> count{};
  std::array<std::array<int64_t, dims>, operands> step{};
  size_t rank = 0;
  bool empty = false;
};

/// Strides of a dense row-major box.
template <size_t dims> std::array<int64_t, dims> denseStrides(const std::array<int64_t, dims> &counts) {
  std::array<int64_t, dims> stride{};
  int64_t size = 1;
  for (size_t reversed = 0; reversed < dims; ++reversed) {
    stride[dims - 1 - reversed] = size;
    size *= counts[dims - 1 - reversed];
  }
  return stride;
}

/// Elements of a box; saturates.
template <size_t dims> int64_t product(const std::array<int64_t, dims> &counts) {
  return isa::volume(counts);
}

} // namespace arsis::sim
