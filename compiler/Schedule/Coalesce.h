// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dimensions of a unit of several parts: those of different parts that index one value at one place are
// the same, and neighbours that no value, no reduction and no gap in DRAM tells apart are counted as one.
#ifndef ARSIS_COMPILER_SCHEDULE_COALESCE_H
#define ARSIS_COMPILER_SCHEDULE_COALESCE_H

#include "compiler/Schedule/Unit.h"

#include <optional>

namespace arsis::schedule {

struct Coalesced {
  std::vector<int64_t> extents;           // of the dimensions that are left, outermost first
  std::vector<std::vector<bool>> has;     // [value][dimension]: whether the value is indexed by it
  std::vector<std::vector<bool>> reduced; // [part][dimension]: whether the part reduces it
};

/// Whether an index is a dimension itself.
bool isPlain(const nn::Index &index);

/// How many pixels of the first row a part sums up, which it reads at the beginning of all other dimensions
/// but the last; 0 if it is no such part. Its reduction is no loop over a dimension of the unit.
int64_t firstPixelsOf(const Part &part);

/// Nothing if some access is more than a plain dimension per index, takes a box of a value, or values order
/// dimensions differently.
std::optional<Coalesced> coalesce(const Unit &unit);

} // namespace arsis::schedule

#endif
