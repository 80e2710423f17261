// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See RequestTable.h.
#include "simulator/units/RequestTable.h"

#include <algorithm>

namespace arsis::sim {

Cycle RequestTable::remove(int64_t count) {
  Cycle free = 0;
  const int64_t fresh = std::min(unused, count);
  unused -= fresh;
  count -= fresh;
  while (count > 0) {
    Group &group = groups[oldest];
    const int64_t some = std::min(count, group.count);
    free = group.answer(some - 1);
    count -= some;
    if (some == group.count) {
      oldest = next(oldest);
      --used;
    } else {
      group.first = group.answer(some);
      group.count -= some;
    }
  }
  return free;
}

Cycle RequestTable::take(int64_t count, Cycle roundTrip) {
  if (count <= entries)
    return remove(count);
  // Rounds of the whole table; the last request uses an entry for the (rounds + 1)-th time.
  const int64_t rounds = (count - 1) / entries, inLastRound = count - rounds * entries;
  const Cycle itsFirstUse = remove(inLastRound);
  const Cycle all = inLastRound < entries ? remove(entries - inLastRound) : itsFirstUse;
  return std::max(all, itsFirstUse + static_cast<Cycle>(rounds) * roundTrip);
}

void RequestTable::put(int64_t count, Cycle first, Cycle last) {
  Group group{count, count > 1 ? first : last, last};
  if (count > entries) {
    group.first = group.answer(count - entries);
    group.count = entries;
  }
  const size_t behind = oldest + used;
  groups[behind < groups.size() ? behind : behind - groups.size()] = group;
  ++used;
}

} // namespace arsis::sim
