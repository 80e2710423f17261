// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order of every reduction on the chip's vector unit (docs/isa.md, `reduce`): 16 partials; partial j
// takes elements j, j + 16, ... in order and begins as the first of them. Then partial j takes partial j + s,
// for s of 8, 4, 2 and 1. A partial without elements does not exist, so that few elements meet no identity.
#pragma once

#include "runtime/cpu/Arithmetic.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace arsis::ref {

/// result[c] = read(0, c), ..., read(count - 1, c) combined, for `width` columns c that do not meet.
/// REQUIRES: count > 0.
template <class T, class Read, class Combine>
void reduceTree(int64_t count, int64_t width, Read read, Combine combine, T *result) {
  const int64_t present = std::min<int64_t>(count, 16);
  std::vector<T> partials(present * width);
  auto partial = [&](int64_t j) { return partials.data() + j * width; };
  for (int64_t j = 0; j < present; ++j)
    for (int64_t c = 0; c < width; ++c)
      partial(j)[c] = read(j, c);
  for (int64_t i = 16; i < count; ++i) {
    T *to = partial(i % 16);
    for (int64_t c = 0; c < width; ++c)
      to[c] = combine(to[c], read(i, c));
  }
  for (int64_t distance : {8, 4, 2, 1})
    for (int64_t j = 0; j < distance && j + distance < present; ++j)
      for (int64_t c = 0; c < width; ++c)
        partial(j)[c] = combine(partial(j)[c], partial(j + distance)[c]);
  for (int64_t c = 0; c < width; ++c)
    result[c] = canonical(partials[c]);
}

template <class T, class Read> T treeSum(int64_t count, Read read) {
  T sum;
  reduceTree(
      count, 1, [&](int64_t i, int64_t) { return read(i); }, [](T a, T b) { return add(a, b); }, &sum);
  return sum;
}

/// Of equal values the earlier partial's stays.
template <class T, class Read> T treeMax(int64_t count, Read read) {
  T most;
  reduceTree(
      count, 1, [&](int64_t i, int64_t) { return read(i); },
      [](T a, T b) { return canonical(isBetter(b, a) ? b : a); }, &most);
  return most;
}

} // namespace arsis::ref
