// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See StreamEngine.h.
#include "simulator/units/StreamEngine.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "simulator/units/Work.h"

#include <algorithm>

namespace arsis::sim {

StreamEngine::StreamEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                           size_t streamIndex, size_t mostInFlight)
    : sc_core::sc_module(name), stream(board.program.streams[streamIndex]),
      events(board.layers.cycles.size()), board(board), streamIndex(streamIndex), cursor(stream),
      mostInFlight(std::max(mostInFlight, kInFlight)),
      banks(static_cast<size_t>(chip.integer("matrix.weight_banks"))),
      weightBanks(chip.integer("matrix.weight_banks")), passes(chip) {
  const timing::Frontend frontend(chip);
  for (const isa::Instruction &instruction : stream.instructions) {
    const auto bytes = static_cast<int64_t>(isa::encodedSize(instruction));
    fetchBytes.push_back(static_cast<uint32_t>(bytes));
    decodeCost.push_back(frontend.cycles(bytes));
  }
  grow();
  decodeNext(0);
  SC_HAS_PROCESS(StreamEngine);
  SC_METHOD(step);
  sensitive << event;
}

void StreamEngine::grow() {
  std::rotate(ring.begin(), ring.begin() + static_cast<ptrdiff_t>(oldest), ring.end());
  oldest = 0;
  const size_t more = std::max(kInFlight, ring.size());
  for (size_t i = 0; i < more; ++i)
    ring.push_back(std::make_unique<Instance>());
}

void StreamEngine::decodeNext(Cycle now) {
  if (cursor.done())
    return;
  // The slot that the instruction kPrefetchDepth before it has left.
  Cycle &slot = issued[cursor.ordinal() % kPrefetchDepth];
  decodeReady = std::max(decodeReady, slot) + decodeCost[cursor.position()];
}

void StreamEngine::step() {
  if (board.failure)
    return;
  try {
    const Cycle now = board.clock.now();
    if (unitCause)
      stallUntil(unitLocation, *unitCause, now);
    else if (blocked)
      stallUntil(headLocation(), *blocked, now);
    Cycle next;
    do {
      retire(now);
      next = issue(now);
      next = std::min(next, advance(now));
    } while (next <= now || (inFlight > 0 && inRing(0).completes <= now));
    if (cursor.done())
      blocked = inFlight > 0 ? std::optional(tailCause()) : std::nullopt;
    if (inFlight > 0)
      next = std::min(next, inRing(0).completes);
    if (next != kNever)
      event.notify(board.clock.until(next));
  } catch (...) {
    board.failure = std::current_exception();
  }
}

void StreamEngine::retire(Cycle now) {
  while (inFlight > 0 && inRing(0).completes <= now) {
    Instance &instance = inRing(0);
    if (instance.result) {
      commit(instance.operation, *board.memories, stream.index, *instance.result);
      board.memories->results.give(std::move(instance.result));
    }
    board.layers.completed(instance.location, instance.started, now);
    if (board.tracer) {
      board.tracer->instruction({static_cast<uint16_t>(streamIndex), instance.opcode, instance.location,
                                 instance.started, now, instance.position, instance.ordinal});
      board.tracer->events(instance.caused, instance.started, now);
    }
    lastCompletion = now;
    ++retired;
    oldest = (oldest + 1) & (ring.size() - 1);
    --inFlight;
    if (instance.increment)
      board.counters.increment(*instance.increment);
  }
}

const isa::Wait *StreamEngine::unsatisfiedWait() const {
  const isa::Instruction &instruction = cursor.instruction();
  for (unsigned w = 0; w < instruction.waitCount; ++w) {
    const isa::Wait &wait = instruction.waits[w];
    if (wait.value.evaluate(cursor.index()) > board.counters.value(wait.counter))
      return &wait;
  }
  return nullptr;
}

Cycle StreamEngine::issue(Cycle now) {
  while (!cursor.done()) {
    if (now < decodeReady) {
      blocked = Cause::Fetch;
      return decodeReady;
    }
    if (const isa::Wait *wait = unsatisfiedWait()) {
      blocked = board.counters.cause(wait->counter);
      board.counters.subscribe(wait->counter, wait->value.evaluate(cursor.index()), *this);
      return kNever;
    }
    if (inFlight == mostInFlight) {
      blocked = Cause::QueueFull;
      return kNever;
    }
    if (!headReady) {
      try {
        resolve(cursor.instruction(), cursor.index(), board.program, weightBanks, head);
        bindBank(head, banks);
        checkBounds(head, board.sizes);
      } catch (const Error &error) {
        throw ProgramError(describeInstruction(stream, cursor.position()) + ": " + error.what());
      }
      headReady = true;
    }
    if (!std::holds_alternative<std::monostate>(head)) {
      Cause cause = Cause::QueueFull;
      const Cycle start = earliestStart(head, now, cause);
      if (start > now) {
        blocked = cause;
        return start;
      }
    }
    begin(now);
  }
  return kNever;
}

void StreamEngine::countInstruction(const Operation &operation, EventCounts &counts) const {
  counts[Event::FetchBytes] += fetchBytes[cursor.position()];
  ++counts[Event::Instructions];
  countWork(operation, passes, counts);
}

uint32_t StreamEngine::headLocation() {
  if (cursor.done())
    return inFlight > 0 ? inRing(0).location : unitLocation;
  const uint32_t location = cursor.instruction().location;
  return location < events.rows.size() ? location : 0;
}

void StreamEngine::begin(Cycle now) {
  const isa::Instruction &instruction = cursor.instruction();
  checkInterrupt();
  if (inFlight == ring.size())
    grow();
  const Cycle previous = inFlight > 0 ? inRing(inFlight - 1).completes : now;
  Instance &instance = inRing(inFlight);
  std::swap(instance.operation, head);
  instance.location = instruction.location < events.rows.size() ? instruction.location : 0;
  instance.increment = instruction.increment;
  instance.opcode = static_cast<uint8_t>(isa::opcodeOf(instruction));
  instance.factor = board.durationFactor(streamIndex, cursor.ordinal());
  instance.started = now;

  EventCounts &counts = eventsAt(instance.location);
  if (board.tracer) {
    instance.position = static_cast<uint32_t>(cursor.position());
    instance.ordinal = cursor.ordinal();
    instance.caused = {};
    countInstruction(instance.operation, instance.caused);
    counts += instance.caused;
  } else {
    countInstruction(instance.operation, counts);
  }

  if (std::holds_alternative<std::monostate>(instance.operation)) {
    instance.completes = now;
  } else {
    if (board.memories) {
      instance.result = board.memories->results.take();
      sample(instance.operation, *board.memories, stream.index, *instance.result);
    }
    instance.completes = start(instance, now);
  }
  // Completions are in program order; a previous one that is not known yet is looked at when it is.
  if (previous != kNever && instance.completes != kNever)
    instance.completes = std::max(instance.completes, previous);
  ++inFlight;
  issued[cursor.ordinal() % kPrefetchDepth] = now;
  headReady = false;
  cursor.advance();
  decodeNext(now);
}

std::string StreamEngine::blockedOn() const {
  std::string text = isa::streamName(stream);
  if (cursor.done())
    return text + " has not completed its last instructions";
  text += " at instruction " + std::to_string(cursor.position()) + " (instance " +
          std::to_string(cursor.ordinal()) + ")";
  if (const isa::Wait *wait = unsatisfiedWait())
    text += " waits for counter " + std::to_string(wait->counter) + " to reach " +
            std::to_string(wait->value.evaluate(cursor.index())) + ", it stands at " +
            std::to_string(board.counters.value(wait->counter));
  return text;
}

} // namespace arsis::sim
