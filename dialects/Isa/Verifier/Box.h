// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A set of bytes in one memory: equally spaced runs of equal length, nested. Making one merges dimensions
// wherever the union is the same set, so that a dense tile of any rank is a single run and overlapping
// windows are counted once.
#pragma once

#include <boost/container/static_vector.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>

namespace arsis::isa {

/// Bytes [begin, end).
struct ByteRange {
  int64_t begin = 0, end = 0;
};

/// One loop around an element access: `count` positions `stride` bytes apart.
struct Dimension {
  int64_t count = 1, stride = 0;
};

class Box {
public:
  static constexpr unsigned kMaxDimensions = 8;
  using Dimensions = boost::container::static_vector<Dimension, kMaxDimensions>;

  Box() = default;
  /// The elements of `elementBytes` bytes at first + sum of index * stride. REQUIRES: every count is at
  /// least 1.
  Box(int64_t first, int64_t elementBytes, const Dimensions &dimensions);

  /// The smallest range that holds the set; its first and last bytes belong to the set. Saturates far outside
  /// any memory.
  ByteRange hull() const { return range; }
  /// Number of runs, and bytes per run.
  int64_t runs() const;
  int64_t runBytes() const { return length; }
  bool isOneRun() const { return outer.empty(); }
  /// The same set `bytes` further on.
  Box shifted(int64_t bytes) const {
    Box box = *this;
    box.range.begin += bytes;
    box.range.end += bytes;
    return box;
  }

  /// Whether a byte of `range` belongs to the set. Time does not depend on the number of runs.
  bool intersects(ByteRange range) const { return intersects(range, outer.size(), this->range.begin); }

  /// Whether the sets lie in different phases of the greatest common divisor of all their strides, as the
  /// even and the odd words of a row do; then they share no byte.
  bool inOtherPhase(const Box &) const;

  /// Calls visit(ByteRange) for every run until it returns false; returns whether all returned true.
  template <class Visit> bool forEachRun(Visit visit) const {
    boost::container::static_vector<int64_t, kMaxDimensions> index(outer.size(), 0);
    int64_t at = range.begin;
    for (;;) {
      if (!visit(ByteRange{at, at + length}))
        return false;
      size_t d = 0;
      for (; d < outer.size(); ++d) {
        at += outer[d].stride;
        if (++index[d] < outer[d].count)
          break;
        at -= outer[d].stride * outer[d].count;
        index[d] = 0;
      }
      if (d == outer.size())
        return true;
    }
  }

private:
  bool intersects(ByteRange other, size_t levels, int64_t at) const;

  ByteRange range;
  int64_t length = 0;
  Dimensions outer; // ascending strides, each greater than the run
};

/// Whether two different positions of the nest have the same offset, so that an element occurs twice. Exact,
/// whatever the unit of the strides. REQUIRES: every count is at least 1.
bool visitsTwice(const Box::Dimensions &dimensions);

/// Some bytes that both sets hold, if there are any. Time grows with the runs of the one that has fewer.
std::optional<ByteRange> overlap(const Box &, const Box &);

} // namespace arsis::isa
