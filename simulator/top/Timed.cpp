// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A run with a clock: a fresh kernel, the machine, every event until none is left, then the books are closed.
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "simulator/base/Context.h"
#include "simulator/top/Machine.h"
#include "simulator/top/RunRecord.h"

#include <algorithm>

namespace arsis::sim {

RunRecord runTimed(const isa::Program &program, const chip::Chip &chip, const MemorySizes &sizes,
                   Memories *memories, std::optional<uint64_t> latencySeed,
                   const std::optional<TraceOptions> &tracing, bool powerOverTime, bool worksOutEach) {
  const numerics::FloatEnvironment environment;
  Context context;
  Board board(program, chip, sizes);
  board.memories = memories;
  board.latencySeed = latencySeed;
  board.worksOutEach = worksOutEach;
  if (tracing)
    board.tracer = std::make_unique<Tracer>(*tracing, program.streams.size());
  if (powerOverTime)
    for (size_t unit = 0; unit < program.streams.size(); ++unit)
      board.unitWindows.emplace_back(TraceOptions{}, program.streams.size());
  Machine machine("chip", board, chip);
  context.run();
  if (board.failure)
    std::rethrow_exception(board.failure);
  if (machine.dram.failure)
    std::rethrow_exception(machine.dram.failure);
  machine.checkFinished();

  RunRecord record;
  record.timed = true;
  for (const auto &engine : machine.engines)
    record.totalCycles = std::max(record.totalCycles, engine->lastCompletion);
  // A step ends when what it stored is in the DRAM.
  const Cycle flushed = board.clock.cycleAtOrAfter(machine.dram.flush());
  record.totalCycles = std::max(record.totalCycles, flushed);
  if (const int64_t activations = machine.dram.flushedActivations()) // there are stores then
    for (const auto &engine : machine.engines)
      if (engine->stream.kind == isa::StreamKind::Store) {
        EventCounts counts;
        counts[Event::DramActivations] = activations;
        engine->events.rows[board.layers.latest] += counts;
        const Cycle began = board.clock.cycleAtOrAfter(machine.dram.flushedSince());
        board.remember(engine->streamIndex, counts, std::min(began, flushed - 1), flushed);
        break;
      }
  board.layers.finish(record.totalCycles);
  record.totalNanoseconds = board.clock.nanoseconds(record.totalCycles);
  for (auto &engine : machine.engines) {
    engine->finish(record.totalCycles);
    engine->report(record.statistics);
    std::string kind = isa::streamName(engine->stream);
    kind.erase(kind.find(' '));
    record.units.push_back({unitName(engine->stream), std::move(kind), engine->account,
                            std::move(engine->events), engine->retired});
  }
  machine.dram.report(record.statistics, board.clock.femtoseconds(record.totalCycles));
  board.scratchpad.report(record.statistics);
  record.layers = std::move(board.layers);
  if (board.tracer)
    board.tracer->finish(record.totalCycles);
  record.tracer = std::move(board.tracer);
  record.unitWindows = std::move(board.unitWindows);
  return record;
}

} // namespace arsis::sim
