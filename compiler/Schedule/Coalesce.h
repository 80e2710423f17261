// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dimensions of a unit of several parts: those of different parts that index one value at one place are
// the same, and neighbours that no value and no reduction tells apart are counted as one.
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

/// Nothing if some access is more than a plain dimension per index, or values order dimensions differently.
std::optional<Coalesced> coalesce(const Unit &unit);

} // namespace arsis::schedule

#endif
