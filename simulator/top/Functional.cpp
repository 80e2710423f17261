// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A run without a clock: each stream in turn executes instructions for as long as its counters allow.
// Execution is confluent, so that any order the counters permit gives the same bits.
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "simulator/top/Machine.h"
#include "simulator/top/RunRecord.h"
#include "simulator/units/TransferRuns.h"
#include "simulator/units/Work.h"

#include <map>

namespace arsis::sim {
namespace {

/// The counters, and who wants to know when a tensor is complete.
class WatchedCounters {
public:
  WatchedCounters(const isa::Program &program, const std::function<void(size_t)> &complete)
      : complete(complete), values(program.counterStream.size()), waiting(values.size()) {
    if (complete)
      for (size_t t = 0; t < program.tensors.size(); ++t)
        if (const isa::Tensor &tensor = program.tensors[t]; tensor.completeValue > 0)
          waiting[tensor.completeCounter].emplace(tensor.completeValue, t);
  }

  int64_t operator[](size_t counter) const { return values[counter]; }
  void increment(size_t counter) {
    ++values[counter];
    if (!complete)
      return;
    const auto [first, last] = waiting[counter].equal_range(values[counter]);
    for (auto entry = first; entry != last; ++entry)
      complete(entry->second);
  }

private:
  const std::function<void(size_t)> &complete;
  std::vector<int64_t> values;
  std::vector<std::multimap<int64_t, size_t>>
      waiting; // per counter: tensors by the value that completes them
};

class Walker {
public:
  Walker(const isa::Program &program, const chip::Chip &chip, const MemorySizes &sizes, Memories &memories,
         WatchedCounters &counters, size_t index)
      : stream(program.streams[index]), events(program.locations.empty() ? 1 : program.locations.size()),
        program(program), sizes(sizes), memories(memories), counters(counters), cursor(stream),
        weightBanks(chip.integer("matrix.weight_banks")), burst(chip.integer("dram.burst_bytes")),
        figures(chip), banks(static_cast<size_t>(weightBanks)) {
    for (const isa::Instruction &instruction : stream.instructions)
      fetchBytes.push_back(static_cast<int64_t>(isa::encodedSize(instruction)));
  }

  bool done() const { return cursor.done(); }
  uint64_t executed() const { return cursor.ordinal(); }

  /// Returns whether anything was executed.
  bool proceed() {
    bool any = false;
    for (; !cursor.done() && !unsatisfied(); cursor.advance(), any = true)
      execute();
    return any;
  }

  std::string blockedOn() const {
    const isa::Wait *wait = unsatisfied();
    return isa::streamName(stream) + " at instruction " + std::to_string(cursor.position()) + " (instance " +
           std::to_string(cursor.ordinal()) + ") waits for counter " + std::to_string(wait->counter) +
           " to reach " + std::to_string(wait->value.evaluate(cursor.index())) + ", it stands at " +
           std::to_string(counters[wait->counter]);
  }

  const isa::Stream &stream;
  UnitEvents events;

private:
  const isa::Wait *unsatisfied() const {
    const isa::Instruction &instruction = cursor.instruction();
    for (unsigned w = 0; w < instruction.waitCount; ++w)
      if (instruction.waits[w].value.evaluate(cursor.index()) > counters[instruction.waits[w].counter])
        return &instruction.waits[w];
    return nullptr;
  }

  void execute() {
    checkInterrupt();
    const isa::Instruction &instruction = cursor.instruction();
    try {
      resolve(instruction, cursor.index(), program, weightBanks, operation);
      bindBank(operation, banks);
      checkBounds(operation, sizes);
    } catch (const Error &error) {
      throw ProgramError(describeInstruction(stream, cursor.position()) + ": " + error.what());
    }
    EventCounts &counts = events.rows[instruction.location < events.rows.size() ? instruction.location : 0];
    counts[Event::FetchBytes] += fetchBytes[cursor.position()];
    ++counts[Event::Instructions];
    countWork(operation, figures, counts);
    if (auto *transfer = std::get_if<TransferOperation>(&operation)) {
      const TransferRuns runs(*transfer, 1);
      counts[transfer->store ? Event::DramWriteBytes : Event::DramReadBytes] +=
          timing::granulesTouched(runs.runs(), runs.address(), burst) * burst;
    }
    sample(operation, memories, stream.index, result);
    commit(operation, memories, stream.index, result);
    if (instruction.increment)
      counters.increment(*instruction.increment);
  }

  const isa::Program &program;
  const MemorySizes &sizes;
  Memories &memories;
  WatchedCounters &counters;
  isa::InstructionCursor cursor;
  int64_t weightBanks, burst;
  WorkFigures figures;
  BankShapes banks;
  std::vector<int64_t> fetchBytes;
  Operation operation;
  Result result;
};

} // namespace

RunRecord runFunctional(const isa::Program &program, const chip::Chip &chip, const MemorySizes &sizes,
                        Memories &memories, const std::function<void(size_t)> &complete) {
  const numerics::FloatEnvironment environment; // this may be a thread of its own
  WatchedCounters counters(program, complete);
  std::vector<Walker> walkers;
  walkers.reserve(program.streams.size());
  for (size_t i = 0; i < program.streams.size(); ++i)
    walkers.emplace_back(program, chip, sizes, memories, counters, i);

  for (bool any = true; any;) {
    any = false;
    for (Walker &walker : walkers)
      any |= walker.proceed();
  }

  std::string blocked;
  for (const Walker &walker : walkers)
    if (!walker.done())
      blocked += (blocked.empty() ? "" : "; ") + walker.blockedOn();
  if (!blocked.empty())
    throw ProgramError("deadlock: nothing can happen any more, but " + blocked);

  RunRecord record;
  record.layers = LayerClock(walkers.empty() ? 1 : walkers.front().events.rows.size());
  for (Walker &walker : walkers) {
    std::string kind = isa::streamName(walker.stream);
    kind.erase(kind.find(' '));
    record.units.push_back(
        {unitName(walker.stream), std::move(kind), {}, std::move(walker.events), walker.executed()});
  }
  return record;
}

} // namespace arsis::sim
