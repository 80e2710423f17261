// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a run leaves behind when its kernel is gone: all the books, no modules.
#pragma once

#include "simulator/base/CycleAccount.h"
#include "simulator/base/Statistics.h"
#include "simulator/units/Board.h"

#include <functional>

namespace arsis::sim {

struct UnitRecord {
  std::string name, kind;
  CycleAccount account;
  UnitEvents events;
  uint64_t instructions = 0;
};

struct RunRecord {
  bool timed = false; // cycles mean something
  Cycle totalCycles = 0;
  double totalNanoseconds = 0;
  std::vector<UnitRecord> units;
  LayerClock layers{0};
  Statistics statistics;
  std::unique_ptr<const Tracer> tracer; // null: no trace
  std::vector<Tracer> unitWindows;      // events over time by unit; empty: not asked for
  double wallClockSeconds = 0;

  /// Whether the books have an event: which rows of the DRAM are open depends on the time.
  bool counted(Event event) const { return timed || event != Event::DramActivations; }
};

/// Runs on a fresh SystemC kernel. `memories` may be null: timing only. Throws Error on deadlock and on what
/// the machine cannot run. `worksOutEach`: instances of an instruction that agree (units/Sites.h) are worked
/// out one by one, which takes several times as long and gives the same record.
RunRecord runTimed(const isa::Program &program, const chip::Chip &chip, const MemorySizes &sizes,
                   Memories *memories, std::optional<uint64_t> latencySeed,
                   const std::optional<TraceOptions> &tracing, bool powerOverTime = false,
                   bool worksOutEach = false);

/// Runs the same opcode functions without a clock, in an order that the counters allow. `complete` is called
/// with the number of each tensor that the program says when it is complete, at that moment.
RunRecord runFunctional(const isa::Program &program, const chip::Chip &chip, const MemorySizes &sizes,
                        Memories &memories, const std::function<void(size_t)> &complete = {});

} // namespace arsis::sim
