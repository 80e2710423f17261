// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Scratchpad.h for the model.
#include "simulator/memory/Scratchpad.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

Cycle Scratchpad::contend(Cycle now, Cycle cycles, double wordsPerCycle) {
  double others = 0;
  Cycle lastEnd = now;
  size_t kept = 0;
  for (size_t i = 0; i < runningCount; ++i) {
    const Access access = running[i];
    if (access.end <= now)
      continue;
    others += access.wordsPerCycle;
    lastEnd = std::max(lastEnd, access.end);
    running[kept++] = access;
  }
  const double capacity = static_cast<double>(banks.banks), asked = others + wordsPerCycle;
  Cycle extra = 0;
  if (others > 0 && asked > capacity) {
    const Cycle shared = std::min(cycles, lastEnd - now);
    extra = static_cast<Cycle>(std::ceil(static_cast<double>(shared) * (asked - capacity) / capacity));
  }
  if (kept == running.size())
    running.emplace_back();
  running[kept] = {now + cycles + extra, wordsPerCycle};
  runningCount = kept + 1;
  conflictCycles += extra;
  return extra;
}

void Scratchpad::report(Statistics &statistics) const {
  statistics.add("scratchpad.conflict_cycles", "cycles", "cycles that units lost to each other at the banks",
                 static_cast<double>(conflictCycles));
}

} // namespace arsis::sim
