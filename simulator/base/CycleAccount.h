// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the cycles of a unit went. An account is a timeline that only grows: each entry says what the unit
// did from where the last entry ended up to some cycle, so busy + stalled by cause + idle = total holds by
// construction.
#pragma once

#include "simulator/base/Causes.h"
#include "simulator/base/Clock.h"

#include <array>

namespace arsis::sim {

class CycleAccount {
public:
  /// The unit worked up to `cycle`; returns how many cycles that added (none if they are accounted already).
  Cycle busyUntil(Cycle cycle) { return add(busyCycles, cycle); }
  Cycle stallUntil(Cause cause, Cycle cycle) { return add(stalledCycles[static_cast<size_t>(cause)], cycle); }
  Cycle idleUntil(Cycle cycle) { return add(idleCycles, cycle); }

  Cycle accountedUntil() const { return until; }
  Cycle busy() const { return busyCycles; }
  Cycle stalled(Cause cause) const { return stalledCycles[static_cast<size_t>(cause)]; }
  Cycle stalled() const {
    Cycle sum = 0;
    for (Cycle cycles : stalledCycles)
      sum += cycles;
    return sum;
  }
  Cycle idle() const { return idleCycles; }

private:
  Cycle add(Cycle &bucket, Cycle cycle) {
    if (cycle <= until)
      return 0;
    const Cycle added = cycle - until;
    bucket += added;
    until = cycle;
    return added;
  }

  Cycle until = 0, busyCycles = 0, idleCycles = 0;
  std::array<Cycle, kCauseCount> stalledCycles{};
};

} // namespace arsis::sim
