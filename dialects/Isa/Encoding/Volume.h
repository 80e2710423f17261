// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many elements a box holds and how far a strided access reaches: the one computation that validation,
// the verifier and the machine share. It saturates instead of wrapping, so that a comparison with a limit is
// right whatever the extents.
#pragma once

#include "dialects/Isa/Encoding/Program.h"

#include <algorithm>

namespace arsis::isa {

/// Where volumes and reaches saturate: beyond every limit, and the sum of some of them fits 64 bits.
constexpr int64_t kSaturated = int64_t(1) << 60;

/// a * b within -kSaturated to kSaturated.
inline int64_t saturatingProduct(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product))
    return (a < 0) == (b < 0) ? kSaturated : -kSaturated;
  return std::clamp(product, -kSaturated, kSaturated);
}

/// Elements of a box, at most kSaturated; 0 if it is empty. REQUIRES: no extent is negative.
template <class Extents> int64_t volume(const Extents &extents) {
  int64_t elements = 1;
  for (int64_t extent : extents)
    elements = extent == 0 || elements == 0 ? 0 : saturatingProduct(elements, extent);
  return elements;
}

/// The first and the last position of a strided access relative to its address, both included, in the unit of
/// the strides; between -kSaturated and kSaturated.
struct Reach {
  int64_t first = 0, last = 0;

  /// One more dimension. REQUIRES: count >= 1.
  void extend(int64_t count, int64_t stride) {
    const int64_t reach = saturatingProduct(count - 1, stride);
    first = std::max(first + std::min<int64_t>(reach, 0), -kSaturated);
    last = std::min(last + std::max<int64_t>(reach, 0), kSaturated);
  }
  /// All dimensions of a box. REQUIRES: every count >= 1.
  template <class Counts, class Strides> void extendAll(const Counts &counts, const Strides &strides) {
    for (size_t d = 0; d < counts.size(); ++d)
      extend(counts[d], strides[d]);
  }
  /// The same access `distance` further on. REQUIRES: |distance| <= kSaturated.
  Reach movedBy(int64_t distance) const {
    return {std::clamp(first + distance, -kSaturated, kSaturated),
            std::clamp(last + distance, -kSaturated, kSaturated)};
  }
  /// The bytes [begin, end) of elements of `size` bytes around byte `address`.
  struct Bytes {
    int64_t begin, end;
  };
  Bytes bytes(int64_t address, int64_t size) const {
    const Reach scaled = Reach{saturatingProduct(first, size), saturatingProduct(last, size)}.movedBy(
        std::clamp(address, -kSaturated, kSaturated));
    return {scaled.first, scaled.last + size};
  }
};

/// What an instance of an instruction does when all its extents are full tiles, the most it can do.
struct Spread {
  int64_t work = 0; // elements visited, see kLargestWork
  struct Operand {
    const char *field;
    Reach reach;
  };
  boost::container::static_vector<Operand, 4> operands; // views of the scratchpad and of accumulators; none
                                                        // if there is nothing to do
};
Spread spreadOf(const Body &);

/// Which instructions count as work: all, or the transfers alone, whose runs are visited also without values.
enum class Work { Everything, Transfers };

/// Elements that all instances of a program visit, at full tiles; at most kSaturated. REQUIRES: a validated
/// program.
int64_t programWork(const Program &, Work = Work::Everything);

/// Throws Error if the program visits more than `most` elements. REQUIRES: a validated program.
void checkWork(const Program &, uint64_t most, Work = Work::Everything);

} // namespace arsis::isa
