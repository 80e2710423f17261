// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes of a memory hold a defined value: one bit per granule, and one bit per 64 granules that says
// "all of them", so that the usual question (is this whole tile defined) reads few words.
#pragma once

#include "dialects/Isa/Verifier/Box.h"

#include <algorithm>
#include <vector>

namespace arsis::isa {

class WrittenMap {
public:
  /// `bytes` of memory, nothing defined. REQUIRES: every range asked about is a multiple of `granuleBytes`.
  WrittenMap(int64_t bytes = 0, int64_t granuleBytes = 4)
      : granule(granuleBytes), words(size_t((bytes / granuleBytes + 63) / 64)), full(words.size() / 64 + 1) {}

  void set(ByteRange range) { change(range, true); }
  void clear(ByteRange range) { change(range, false); }

  /// The first byte of `range` that is not defined, or range.end.
  int64_t firstUndefined(ByteRange range) const {
    int64_t first = range.begin / granule, end = range.end / granule;
    while (first < end) {
      size_t word = size_t(first / 64);
      if (first % 64 == 0 && (full[word / 64] >> (word % 64) & 1)) {
        uint64_t rest = ~(full[word / 64] >> (word % 64)); // whole words: skip as many as are full
        first += 64 * (rest ? __builtin_ctzll(rest) : int64_t(64 - word % 64));
        continue;
      }
      uint64_t missing = ~words[word] >> (first % 64);
      if (missing) {
        int64_t found = first + __builtin_ctzll(missing);
        return found < end ? found * granule : range.end;
      }
      first = (first / 64 + 1) * 64;
    }
    return range.end;
  }
  bool defined(ByteRange range) const { return firstUndefined(range) == range.end; }

  /// The same for a strided set; the hull answers most questions.
  int64_t firstUndefined(const Box &box) const {
    ByteRange hull = box.hull();
    if (firstUndefined(hull) == hull.end)
      return hull.end;
    int64_t found = hull.end;
    box.forEachRun([&](ByteRange run) {
      int64_t at = firstUndefined(run);
      if (at == run.end)
        return true;
      found = at;
      return false;
    });
    return found;
  }
  void set(const Box &box) {
    if (!defined(box.hull()))
      box.forEachRun([&](ByteRange run) { return set(run), true; });
  }
  void clear(const Box &box) {
    box.forEachRun([&](ByteRange run) { return clear(run), true; });
  }

private:
  void change(ByteRange range, bool value) {
    int64_t first = range.begin / granule, end = range.end / granule;
    while (first < end) {
      size_t word = size_t(first / 64);
      int64_t stop = std::min(end, (first / 64 + 1) * 64), count = stop - first;
      uint64_t mask = (count == 64 ? ~uint64_t(0) : (uint64_t(1) << count) - 1) << (first % 64);
      words[word] = value ? words[word] | mask : words[word] & ~mask;
      uint64_t bit = uint64_t(1) << (word % 64);
      full[word / 64] = words[word] == ~uint64_t(0) ? full[word / 64] | bit : full[word / 64] & ~bit;
      first = stop;
    }
  }

  int64_t granule;
  std::vector<uint64_t> words, full;
};

} // namespace arsis::isa
