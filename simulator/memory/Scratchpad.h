// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scratchpad as the units share it: the banks themselves (timing/Banks.h), and contention. Models: units
// that together ask for more words per cycle than there are banks are slowed, the later one by the shared
// part of its time. Does not model: which words meet in which cycle, nor the slowing of the unit that came
// first. Figures: keys `scratchpad.*` of the chip.
#pragma once

#include "simulator/base/Clock.h"
#include "simulator/base/Statistics.h"
#include "timing/Banks.h"

#include <vector>

namespace arsis::sim {

class Scratchpad {
public:
  explicit Scratchpad(const chip::Chip &chip) : banks(chip) {}

  /// Extra cycles for an access that starts at `now`, takes `cycles` and touches `wordsPerCycle`, next to
  /// what runs already; enters it into what runs. REQUIRES: `now` does not fall from call to call.
  Cycle contend(Cycle now, Cycle cycles, double wordsPerCycle);

  void report(Statistics &statistics) const;

  const timing::Banks banks;

private:
  struct Access {
    Cycle end;
    double wordsPerCycle;
  };
  std::vector<Access> running; // the first runningCount of them, oldest first
  size_t runningCount = 0;
  Cycle conflictCycles = 0;
};

} // namespace arsis::sim
