// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How arrays share a product: `columns` of them side by side take neighbouring blocks of its columns, and
// `rows` such groups take a part of the streamed rows each, against the same weights. A chip with more arrays
// may leave some idle: up to eight, whatever a smaller chip can do, a larger one can.
#ifndef ARSIS_COMPILER_SCHEDULE_SPLIT_H
#define ARSIS_COMPILER_SCHEDULE_SPLIT_H

#include "compiler/Schedule/Space.h"

namespace arsis::schedule {

struct Split {
  int64_t columns = 1, rows = 1;

  static constexpr const char *kNoRows = "an array has no rows in any tile";
  int64_t units() const { return columns * rows; }
  int64_t columnOf(int64_t unit) const { return unit % columns; }
  int64_t rowOf(int64_t unit) const { return unit / columns; }

  /// Why so many arrays cannot share it, or null.
  const char *faultOfArrays(const ChipLimits &limits) const {
    if (columns < 1 || rows < 1)
      return "a product is shared by no array";
    return columns > limits.units / rows ? "a product is shared by more arrays than there are" : nullptr;
  }
  /// Why a tile of so many of all columns cannot be shared so, or null.
  const char *fault(const ChipLimits &limits, int64_t tile, int64_t all) const {
    if (const char *fault = faultOfArrays(limits))
      return fault;
    if ((columns - 1) * limits.cols >= tile)
      return "an array has no columns in any tile";
    if (tile < all && tile % (limits.cols * columns) != 0)
      return "the tile of columns is no multiple of the columns of the arrays that share it";
    return nullptr;
  }
};

/// Every number of arrays up to eight, beyond it powers of two, and all arrays; most first. A chip with one
/// array has nothing to choose.
inline Field splitField(const char *name, const ChipLimits &limits) {
  constexpr int64_t kEach = 8;
  Field field{limits.units > 1 ? std::string("split.") + name : "", {limits.units}, {}, /*apart=*/true};
  int64_t power = kEach;
  while (power * 2 < limits.units)
    power *= 2;
  for (; power > kEach; power /= 2)
    field.candidates.push_back(power);
  for (int64_t each = std::min(kEach, limits.units - 1); each >= 1; --each)
    field.candidates.push_back(each);
  return field;
}

} // namespace arsis::schedule

#endif
