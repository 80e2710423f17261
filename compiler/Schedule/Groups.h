// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups of a convolution on an array. Either a group is a product of its own, cut like any other and one
// after the other (tile 1); or a tile holds whole groups, and an array takes `pack` of them in one pass, as
// one product with a block-diagonal matrix. Such matrices lie skewed: element (k, n) of group g is at
// g * step + k * pitch + n, whatever pack it belongs to, so that one transfer reaches all blocks of a tile,
// and a pack begins at a multiple of pack * step.
#ifndef ARSIS_COMPILER_SCHEDULE_GROUPS_H
#define ARSIS_COMPILER_SCHEDULE_GROUPS_H

#include "compiler/Schedule/Convolution.h"
#include "compiler/Schedule/Space.h"
#include "compiler/Schedule/Split.h"

#include <algorithm>

namespace arsis::schedule {

struct GroupTiling {
  int64_t all = 1, tile = 1, pack = 1;

  bool together() const { return tile > 1; }
};

/// Blocks of `rows` by `columns` of each of `groups` groups, `pack` in a matrix.
struct Diagonal {
  int64_t pitch = 1, step = 1, elements = 1; // of all groups

  Diagonal() = default;
  Diagonal(int64_t groups, int64_t pack, int64_t rows, int64_t columns, int64_t pitch)
      : pitch(pitch), step(rows * pitch + (pack > 1 ? columns : 0)), elements(groups * step) {}
};

/// Packs of at most so many groups each, no larger than needed for their number, and of one; largest first.
std::vector<int64_t> packSizes(int64_t groups, const std::vector<int64_t> &most);

inline void addOnce(std::vector<int64_t> &values, int64_t value) {
  if (std::find(values.begin(), values.end(), value) == values.end())
    values.push_back(value);
}

/// Groups of a tile: whole packs of each size, down to one, and a single group.
std::vector<int64_t> groupTileSizes(int64_t groups, const std::vector<int64_t> &packs);

/// Appends the fields of a convolution in groups, tile and pack; none where there are no groups.
void addGroupFields(std::vector<Field> &fields, const Convolution &convolution,
                    const std::vector<int64_t> &packs);
/// What a choice says in these fields, of which `first` is the first.
GroupTiling groupsIn(const Choice &choice, size_t first, const ConvShape &shape);

/// Why groups cannot be tiled so, with the arrays of a split side by side, or null; also if there are none.
const char *faultOf(const GroupTiling &groups, const ConvShape &shape, const Split &split,
                    const ChipLimits &limits);

} // namespace arsis::schedule

#endif
