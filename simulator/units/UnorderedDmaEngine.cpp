// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See UnorderedDmaEngine.h.
#include "simulator/units/UnorderedDmaEngine.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

UnorderedDmaEngine::UnorderedDmaEngine(const sc_core::sc_module_name &name, Board &board,
                                       const chip::Chip &chip, size_t streamIndex, DmaBus &bus)
    : StreamEngine(name, board, chip, streamIndex, Reads::Operands,
                   static_cast<size_t>(chip.integer("dma.outstanding_requests") +
                                       chip.integer("dma.startup_cycles") + 2)),
      socket("socket"), bus(bus), form(chip), mostEntries(std::max<int64_t>(1, form.outstanding / 4)),
      freeEntries(form.outstanding) {
  socket.register_nb_transport_bw(this, &UnorderedDmaEngine::respond);
}

tlm::tlm_sync_enum UnorderedDmaEngine::respond(StridedPayload &payload, tlm::tlm_phase &,
                                               sc_core::sc_time &delay) {
  auto &chunk = static_cast<Chunk &>(payload);
  chunk.answered =
      board.clock.cycleAtOrAfter(Clock::later(Clock::kernelTime(), static_cast<Femtoseconds>(delay.value())));
  answers.push(&chunk);
  wakeAt(chunk.answered);
  return tlm::TLM_COMPLETED;
}

Cycle UnorderedDmaEngine::earliestStart(const Work &, Cycle now, Cause &cause) {
  cause = Cause::QueueFull;
  return descriptors.size() <= static_cast<size_t>(form.startupCycles) ? now : kNever;
}

Cycle UnorderedDmaEngine::start(Instance &instance, Cycle now) {
  Flight flight;
  flight.instance = &instance;
  flight.decoded = now + form.startupCycles;
  flights.push_back(flight);
  descriptors.push_back(&flights.back());
  return kNever;
}

void UnorderedDmaEngine::activate(Cycle now) {
  current = descriptors.front();
  descriptors.pop_front();
  const auto &op = std::get<TransferOperation>(current->instance->work.operation);
  transfer = TransferRuns(op, 1);
  const int64_t bytes = transfer.payloadBytes();
  current->localCycles = localBeatsOf(op, transfer, form);
  current->localPerByte =
      bytes > 0 ? static_cast<double>(current->localCycles) / static_cast<double>(bytes) : 0.0;
  current->entries = timing::granulesTouched(transfer.runs(), transfer.address(), form.requestBytes);
  const int64_t perEntry = current->entries > 0 ? std::max<int64_t>(1, bytes / current->entries) : 1;
  transfer.cutInto(std::min(form.chunkBytes(bytes), perEntry * mostEntries));
  unitLocation = current->instance->location;
  bufferedBurst = kNoBurst;
  counts.payloadBytes += bytes;
  counts.requests += current->entries;
  nextRequest = std::max(nextRequest, now);
}

int64_t UnorderedDmaEngine::entriesOfNext() const {
  return std::clamp<int64_t>(current->entries - current->entriesTaken, 1, mostEntries);
}

void UnorderedDmaEngine::request(Cycle now) {
  chunks.emplace_back();
  Chunk &chunk = chunks.back();
  static_cast<StridedPayload &>(chunk) = transfer.next();
  chunk.flight = current;
  chunk.bytes = chunk.runs * (chunk.trimEnd - chunk.trimBegin);
  chunk.bufferedBurst = bufferedBurst;
  chunk.sentAt = now;
  current->bytesSent += chunk.bytes;
  const auto reached = static_cast<int64_t>(static_cast<__int128>(current->entries) * current->bytesSent /
                                            transfer.payloadBytes());
  chunk.entries = std::clamp<int64_t>(reached - current->entriesTaken, 1, freeEntries);
  current->entriesTaken += chunk.entries;
  freeEntries -= chunk.entries;
  const Cycle slotEnd = bus.take(now, form.busCycles(chunk.bytes));
  chunk.busCycles = std::max(
      slotEnd - now, static_cast<Cycle>(std::ceil(static_cast<double>(chunk.bytes) * current->localPerByte)));
  chunk.firstOnBus = (chunk.busCycles + chunk.entries - 1) / chunk.entries;
  ++current->unanswered;
  // A store's data crosses the bus before the memory, a load's after it; the first request leads the way.
  const Cycle sent = chunk.command == StridedPayload::Write ? now + chunk.firstOnBus : now;
  auto delay = sc_core::sc_time::from_value(static_cast<uint64_t>(board.agenda.ahead(sent)));
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  if (socket->nb_transport_fw(chunk, phase, delay) != tlm::TLM_UPDATED)
    throw Error("the memory answered a request at once, expected it to accept it and to answer later");
  bufferedBurst = chunk.bufferedBurst;
  nextRequest = now + chunk.busCycles;
}

void UnorderedDmaEngine::accountChunk(const Chunk &chunk, Cycle answered, Cycle done) {
  const uint32_t location = chunk.flight->instance->location;
  const Cycle gap = std::max<Cycle>(0, answered - account.accountedUntil());
  const Cycle bandwidth =
      std::min(gap, board.clock.cycleAtOrAfter(Clock::later(chunk.waited, chunk.occupied)));
  stallUntil(location, Cause::DramLatency, answered - bandwidth);
  stallUntil(location, Cause::DramBandwidth, answered);
  stallUntil(location, Cause::ScratchpadConflict, done - chunk.busCycles);
  busyUntil(location, done);
}

void UnorderedDmaEngine::take(Chunk &chunk, Cycle now) {
  Flight &flight = *chunk.flight;
  const uint32_t location = flight.instance->location;
  const bool store = chunk.command == StridedPayload::Write;
  const Cycle first = board.clock.cycleAtOrAfter(chunk.first);
  Cycle done = store ? std::max({chunk.answered, chunk.sentAt + chunk.busCycles, lastData})
                     : std::max({chunk.answered, first + chunk.busCycles - chunk.firstOnBus,
                                 lastData + chunk.busCycles});
  const Cycle moving = std::max(chunk.busCycles, board.clock.cycleAtOrAfter(chunk.occupied));
  const double wordsPerCycle =
      static_cast<double>(chunk.bytes) / static_cast<double>(moving * board.scratchpad.banks.widthBytes);
  const Cycle conflict = board.scratchpad.contend(now, moving, wordsPerCycle);
  done += conflict;
  if (flight.instance->factor == 1.0)
    accountChunk(chunk, done - conflict - chunk.busCycles, done);
  const int64_t moved = chunk.bursts * form.dram.burstBytes;
  const Event event = store ? Event::DramWriteBytes : Event::DramReadBytes;
  eventsAt(location)[event] += moved;
  eventsAt(location)[Event::DramActivations] += chunk.activations;
  if (board.remembersEvents()) {
    EventCounts moves;
    moves[event] = moved;
    moves[Event::DramActivations] = chunk.activations;
    board.remember(streamIndex, moves, store ? chunk.sentAt + chunk.firstOnBus : std::min(first, done), done);
  }
  counts.overfetch += moved - chunk.bytes;
  events.dramTime[location] += chunk.held;
  lastData = done;
  flight.last = std::max(flight.last, done);
  freeEntries += chunk.entries;
  --flight.unanswered;
  chunks.remove_if([&](const Chunk &each) { return &each == &chunk; });
  if (flight.sent && flight.unanswered == 0)
    complete(flight);
}

void UnorderedDmaEngine::complete(Flight &flight) {
  Instance &instance = *flight.instance;
  Cycle finished = flight.last;
  if (instance.factor != 1.0) { // a perturbed duration replaces what the memory said
    finished =
        std::max(board.agenda.now(),
                 instance.started + scaled(std::max<Cycle>(1, finished - instance.started), instance.factor));
    busyUntil(instance.location, finished);
  }
  instance.completes = finished;
  flights.remove_if([&](const Flight &each) { return &each == &flight; });
}

Cycle UnorderedDmaEngine::send(Cycle now) {
  for (;;) {
    if (!current) {
      if (descriptors.empty()) {
        unitCause.reset();
        return kNever;
      }
      if (descriptors.front()->decoded > now) {
        unitCause = Cause::Startup;
        unitLocation = descriptors.front()->instance->location;
        return descriptors.front()->decoded;
      }
      activate(now);
    }
    if (transfer.done()) { // all is sent; or nothing of the box lies inside the tensor: only fill
      if (current->bytesSent == 0) {
        const bool store = std::get<TransferOperation>(current->instance->work.operation).store;
        lastData = std::max(lastData, std::max(now, nextRequest) + (store ? 0 : current->localCycles));
        busyUntil(current->instance->location, lastData);
        current->last = lastData;
      }
      current->sent = true;
      Flight &sent = *current;
      current = nullptr;
      if (sent.unanswered == 0)
        complete(sent);
      return now; // the next instruction can start
    }
    unitLocation = current->instance->location;
    if (freeEntries < entriesOfNext()) {
      unitCause = Cause::DramLatency;
      return kNever; // an answer wakes the queue
    }
    if (const Cycle ready = std::max(nextRequest, bus.freeFrom()); ready > now) {
      unitCause = ready > nextRequest ? Cause::Bus : Cause::DramLatency;
      return ready;
    }
    unitCause.reset();
    request(now);
  }
}

Cycle UnorderedDmaEngine::advance(Cycle now) {
  while (!answers.empty() && answers.top()->answered <= now) {
    Chunk &chunk = *answers.top();
    answers.pop();
    take(chunk, now);
  }
  const Cycle next = send(now);
  return answers.empty() ? next : std::min(next, answers.top()->answered);
}

} // namespace arsis::sim
