// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a run remembers for its trace: finished instructions, what every unit did when, and how many events
// fell into which window of time. Windows become twice as long whenever there would be too many of them.
#pragma once

#include "simulator/base/CycleAccount.h"
#include "simulator/base/Events.h"
#include "simulator/base/TraceOptions.h"

#include <vector>

namespace arsis::sim {

/// One finished instruction.
struct TraceEntry {
  uint16_t unit;
  uint8_t opcode;
  uint32_t location;
  Cycle begin, end;
  uint32_t position; // in the stream
  uint64_t instance; // how many instances of the stream came before
};

/// A stretch of time in which a unit did one thing for one location. Those of a unit leave no gap but idle
/// ones and never overlap, as they are the entries of its account.
struct Stretch {
  static constexpr uint8_t kBusy = kCauseCount; // else the cause of a stall
  uint16_t unit;
  uint8_t state;
  uint32_t location;
  Cycle begin, end;
  uint64_t next; // instance that the unit would issue next
};

class Tracer {
public:
  using Window = std::array<double, kEventCount>;
  static constexpr size_t kMostWindows = 2048;

  Tracer(const TraceOptions &options, size_t units) : options(options), last(units, kNone) {}

  void instruction(const TraceEntry &entry);
  void stretch(const Stretch &stretch);
  /// Spreads `counts` evenly over the time from `begin` to `end`, of which at least one cycle.
  void events(const EventCounts &counts, Cycle begin, Cycle end);
  /// The run ended at `total`: windows reach up to there, or to the end of what is traced.
  void finish(Cycle total);

  const TraceOptions options;
  std::vector<TraceEntry> instructions;
  std::vector<Stretch> stretches; // of all units; those of one in order of time
  std::vector<Window> windows;    // the first begins at options.begin
  Cycle windowCycles = 1;

private:
  bool outside(Cycle begin, Cycle end) const { return end <= options.begin || begin >= options.end; }

  static constexpr size_t kNone = size_t(-1);
  std::vector<size_t> last; // stretch of each unit
};

} // namespace arsis::sim
