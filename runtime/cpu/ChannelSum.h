// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums over all dims but the last. Plan dims (p): the pixels, row-major; inside a chunk the tree of
// ReductionTree.h. Also the reduction inside batch normalisation.
#pragma once

#include "runtime/common/ReductionPlan.h"
#include "runtime/cpu/ReductionTree.h"

#include <vector>

namespace arsis::ref {

/// sums[c] = sum over p of read(p, c), in plan order.
template <class T, class Read>
void sumPixels(int64_t pixels, int64_t channels, Read read, T *sums, const ReductionPlan *plan) {
  std::fill_n(sums, channels, T(0));
  std::vector<T> partial(channels);
  bool first = true;
  for (const Chunk &chunk : chunksOf(plan, {"p"}, {pixels})) {
    const auto [begin, end] = chunk[0];
    reduceTree(
        end - begin, channels, [&, begin = begin](int64_t i, int64_t c) { return read(begin + i, c); },
        [](T a, T b) { return add(a, b); }, partial.data());
    for (int64_t c = 0; c < channels; ++c)
      sums[c] = first ? partial[c] : add(sums[c], partial[c]);
    first = false;
  }
}

/// sums[c] = sum over p of x[p][c].
template <class T>
void channelSum(int64_t pixels, int64_t channels, const T *x, T *sums, const ReductionPlan *plan) {
  sumPixels<T>(
      pixels, channels, [&](int64_t p, int64_t c) { return x[p * channels + c]; }, sums, plan);
}

} // namespace arsis::ref
