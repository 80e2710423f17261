// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See StreamEngine.h.
#include "simulator/units/StreamEngine.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Interrupt.h"

#include <algorithm>

namespace arsis::sim {

StreamEngine::StreamEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                           size_t streamIndex, Reads reads, size_t mostInFlight)
    : sc_core::sc_module(name), stream(board.program.streams[streamIndex]), streamIndex(streamIndex),
      events(board.layers.cycles.size()), board(board), onAgenda(board.agenda.add(*this)), cursor(stream),
      mostInFlight(std::max(mostInFlight, kInFlight)), reads(reads),
      banks(static_cast<size_t>(chip.integer("matrix.weight_banks"))),
      weightBanks(chip.integer("matrix.weight_banks")), figures(chip) {
  const timing::Frontend frontend(chip);
  std::vector<uint32_t> loops; // around the instruction
  for (const isa::Instruction &instruction : stream.instructions) {
    if (const auto *loop = std::get_if<isa::Loop>(&instruction.body))
      loops.push_back(loop->count);
    else if (std::holds_alternative<isa::EndLoop>(instruction.body))
      loops.pop_back();
    Site &site = *sites.emplace_back(std::make_unique<Site>(instruction, loops, board.program, weightBanks,
                                                            board.scratchpad.banks.widthBytes, board.sizes));
    site.location = instruction.location < events.rows.size() ? instruction.location : 0;
    const auto bytes = static_cast<int64_t>(isa::encodedSize(instruction));
    site.fetchBytes = static_cast<uint32_t>(bytes);
    site.decodeCycles = frontend.cycles(bytes);
  }
  grow();
  decodeNext(0);
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
  decodeReady = std::max(decodeReady, slot) + sites[cursor.position()]->decodeCycles;
}

void StreamEngine::step(Cycle now) {
  if (board.failure)
    return;
  try {
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
      board.agenda.callAt(onAgenda, next);
  } catch (...) {
    board.failure = std::current_exception();
  }
}

void StreamEngine::retire(Cycle now) {
  while (inFlight > 0 && inRing(0).completes <= now) {
    Instance &instance = inRing(0);
    if (instance.result) {
      commit(instance.work.operation, *board.memories, stream.index, *instance.result);
      board.memories->results.give(std::move(instance.result));
    }
    board.layers.completed(instance.location, instance.started, now);
    if (board.tracer)
      board.tracer->instruction({static_cast<uint16_t>(streamIndex), instance.opcode, instance.location,
                                 instance.started, now, instance.position, instance.ordinal});
    if (board.remembersEvents())
      board.remember(streamIndex, instance.caused, instance.started, now);
    lastCompletion = now;
    ++retired;
    const size_t freed = oldest;
    oldest = (oldest + 1) & (ring.size() - 1);
    --inFlight;
    std::swap(ring[freed], ring[(oldest + inFlight) & (ring.size() - 1)]); // the next one: it is in the cache
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
    if (!headReady) { // what holds for the head once holds from then on: counters do not fall
      if (now < decodeReady) {
        blocked = Cause::Fetch;
        return decodeReady;
      }
      if (awaited && board.counters.value(awaited->counter) < awaited->value) {
        blocked = board.counters.cause(awaited->counter);
        return kNever;
      }
      awaited.reset();
      if (const isa::Wait *wait = unsatisfiedWait()) {
        awaited = {wait->counter, wait->value.evaluate(cursor.index())};
        blocked = board.counters.cause(wait->counter);
        board.counters.subscribe(wait->counter, awaited->value, *this);
        return kNever;
      }
    }
    if (inFlight == mostInFlight) {
      blocked = Cause::QueueFull;
      return kNever;
    }
    if (!headReady) {
      try {
        resolveHead();
      } catch (const Error &error) {
        throw ProgramError(describeInstruction(stream, cursor.position()) + ": " + error.what());
      }
      headReady = true;
    }
    if (!head.variant->empty) {
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

void StreamEngine::resolveHead() {
  Site &site = *sites[cursor.position()];
  if (site.bank)
    head.bank = site.bankAt(cursor.index());
  const bool recurs = site.recurs && !board.worksOutEach;
  Variant *variant = recurs ? site.find(cursor.index(), banks[head.bank]) : nullptr;
  if (!variant || !site.isWithin() || reads == Reads::Operands || board.memories) {
    resolve(site.instruction, cursor.index(), board.program, weightBanks, head.operation);
    bindBank(head.operation, banks);
    if (!variant || !site.isWithin())
      checkBounds(head.operation, board.sizes);
  }
  if (!variant) {
    variant = recurs && !site.full() ? &site.add() : &site.once;
    workOut(site, head.operation, *variant);
  }
  if (variant->weights.rows > 0)
    banks[head.bank] = variant->weights;
  head.variant = variant;
  ++variant->instances;
}

void StreamEngine::workOut(const Site &site, const Operation &operation, Variant &variant) const {
  variant.empty = std::holds_alternative<std::monostate>(operation);
  variant.cost = variant.empty ? UnitCost() : costOf(operation);
  if (const auto *load = std::get_if<LoadWeightsOperation>(&operation))
    variant.weights = banks[static_cast<size_t>(load->bank)];
  variant.counts = {};
  variant.counts[Event::FetchBytes] = site.fetchBytes;
  variant.counts[Event::Instructions] = 1;
  countWork(operation, figures, variant.counts);
}

uint32_t StreamEngine::headLocation() {
  if (cursor.done())
    return inFlight > 0 ? inRing(0).location : unitLocation;
  return sites[cursor.position()]->location;
}

void StreamEngine::begin(Cycle now) {
  const Site &site = *sites[cursor.position()];
  if (board.memories || cursor.ordinal() % kBetweenInterrupts == 0)
    checkInterrupt();
  if (inFlight == ring.size())
    grow();
  const Cycle previous = inFlight > 0 ? inRing(inFlight - 1).completes : now;
  Instance &instance = inRing(inFlight);
  instance.work.variant = head.variant;
  instance.work.bank = head.bank;
  if (!site.recurs || reads == Reads::Operands || board.memories)
    std::swap(instance.work.operation, head.operation);
  instance.location = site.location;
  instance.increment = site.instruction.increment;
  instance.opcode = site.opcode;
  instance.factor = board.durationFactor(streamIndex, cursor.ordinal());
  instance.started = now;
  if (board.remembersEvents()) {
    instance.position = static_cast<uint32_t>(cursor.position());
    instance.ordinal = cursor.ordinal();
    instance.caused = head.variant->counts;
  }
  if (head.variant == &site.once)
    eventsAt(site.location) += head.variant->counts;

  if (head.variant->empty) {
    instance.completes = now;
  } else {
    if (board.memories) {
      instance.result = board.memories->results.take();
      sample(instance.work.operation, *board.memories, stream.index, *instance.result);
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

void StreamEngine::finish(Cycle total) {
  account.idleUntil(total);
  for (const auto &site : sites)
    for (const auto &variant : site->variants)
      for (size_t e = 0; e < kEventCount; ++e)
        eventsAt(site->location).count[e] += variant->counts.count[e] * variant->instances;
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
