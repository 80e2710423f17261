// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the cycles of a unit went. An account is a timeline that only grows: each entry says what the unit
// did from where the last entry ended up to some cycle, so busy + stalled by cause + idle = total holds by
// construction.
#pragma once

#include "simulator/base/Clock.h"

#include <array>

namespace arsis::sim {

// X(enumerator, name in reports, what it means)
#define ARSIS_STALL_CAUSES(X)                                                                                \
  X(WaitLoad, "wait_load", "a counter that a load stream writes")                                            \
  X(WaitStore, "wait_store", "a counter that a store stream writes")                                         \
  X(WaitMatrix, "wait_matrix", "a counter that a matrix stream writes")                                      \
  X(WaitDrain, "wait_drain", "a counter that a drain stream writes")                                         \
  X(WaitVector, "wait_vector", "a counter that a vector stream writes")                                      \
  X(WaitCollective, "wait_collective", "a counter that a collective stream writes")                          \
  X(Fetch, "fetch", "the next instruction is not decoded yet")                                               \
  X(QueueFull, "queue_full", "too many instructions are in flight")                                          \
  X(Startup, "startup", "the pipeline of the unit fills or empties")                                         \
  X(WeightLoad, "weight_load", "weights are being loaded and nothing hides it")                              \
  X(WeightBank, "weight_bank", "the weight bank is still in use")                                            \
  X(ArrayLatency, "array_latency", "the last results are on their way out")                                  \
  X(ScratchpadConflict, "scratchpad_conflict", "scratchpad banks serve somebody else")                       \
  X(DramLatency, "dram_latency", "the DRAM has not answered yet")                                            \
  X(DramBandwidth, "dram_bandwidth", "the DRAM channels are occupied")                                       \
  X(Bus, "bus", "the bus between DRAM and scratchpad serves another queue")

enum class Cause : uint8_t {
#define ARSIS_X(ID, NAME, MEANING) ID,
  ARSIS_STALL_CAUSES(ARSIS_X)
#undef ARSIS_X
};
inline constexpr const char *kCauseNames[] = {
#define ARSIS_X(ID, NAME, MEANING) NAME,
    ARSIS_STALL_CAUSES(ARSIS_X)
#undef ARSIS_X
};
constexpr size_t kCauseCount = sizeof(kCauseNames) / sizeof(kCauseNames[0]);

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
