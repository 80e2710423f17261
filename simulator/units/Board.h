// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What all units of a chip share in one run: the clock, the program, the memories, the counters, and the
// books that are kept. A unit holds a reference and owns none of it.
#pragma once

#include "simulator/base/Agenda.h"
#include "simulator/base/Events.h"
#include "simulator/isa/Memories.h"
#include "simulator/memory/Scratchpad.h"
#include "simulator/units/Counters.h"
#include "simulator/units/Tracer.h"

#include <exception>
#include <memory>
#include <optional>

namespace arsis::sim {

/// Attribution of the machine's time to layers: an interval between two completions belongs to the location
/// whose instruction completed at its end, so that the cycles of all locations add up to the total.
struct LayerClock {
  explicit LayerClock(size_t locations) : cycles(locations), first(locations, kNever), last(locations, 0) {}
  void completed(uint32_t location, Cycle started, Cycle now) {
    cycles[location] += now - accounted;
    accounted = now;
    if (started < first[location])
      first[location] = started;
    last[location] = now;
    latest = location;
  }
  /// Time from the last completion to `total`, in which the DRAM writes what it still holds, belongs to the
  /// last location too.
  void finish(Cycle total) {
    if (total > accounted)
      completed(latest, total, total);
  }
  std::vector<Cycle> cycles, first, last;
  Cycle accounted = 0;
  uint32_t latest = 0;
};

struct Board {
  Board(const isa::Program &program, const chip::Chip &chip, const MemorySizes &sizes);

  const isa::Program &program;
  bool worksOutEach = false; // instances that agree too (Sites.h)
  const Clock clock;
  Agenda agenda; // who is called when
  MemorySizes sizes;
  Memories *memories = nullptr; // null: timing only
  Counters counters;
  Scratchpad scratchpad;
  LayerClock layers;
  std::unique_ptr<Tracer> tracer;  // null: no trace
  std::vector<Tracer> unitWindows; // each unit's events over time; empty: not asked for
  bool remembersEvents() const { return tracer || !unitWindows.empty(); }
  /// Events of a unit that took from `begin` to `end`, for whoever remembers them.
  void remember(size_t unit, const EventCounts &counts, Cycle begin, Cycle end) {
    if (tracer)
      tracer->events(counts, begin, end);
    if (!unitWindows.empty())
      unitWindows[unit].events(counts, begin, end);
  }
  std::optional<uint64_t> latencySeed;
  std::exception_ptr failure; // the first error of a unit; later wake-ups do nothing

  /// Factor on the duration of instance `ordinal` of stream `stream`: 1, or log-uniform in 0.1 .. 20 if a
  /// seed is set.
  double durationFactor(size_t stream, uint64_t ordinal) const {
    return latencySeed ? randomFactor(*latencySeed, stream, ordinal) : 1.0;
  }

private:
  static double randomFactor(uint64_t seed, size_t stream, uint64_t ordinal);
};

/// `cycles` under a factor; at least 1 if it was.
inline Cycle scaled(Cycle cycles, double factor) {
  if (factor == 1.0 || cycles == 0)
    return cycles;
  const auto value = static_cast<Cycle>(static_cast<double>(cycles) * factor);
  return value < 1 ? 1 : value;
}

} // namespace arsis::sim
