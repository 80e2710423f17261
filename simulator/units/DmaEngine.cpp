// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DmaEngine.h.
#include "simulator/units/DmaEngine.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

DmaEngine::DmaEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                     size_t streamIndex, DmaBus &bus)
    // Instructions wait for their descriptor or hold an entry of the table; these are the bounds then.
    : StreamEngine(name, board, chip, streamIndex, Reads::Operands,
                   static_cast<size_t>(chip.integer("dma.outstanding_requests") +
                                       chip.integer("dma.startup_cycles") + 2)),
      socket("socket"), bus(bus), form(chip), table(form.outstanding) {
  socket.register_nb_transport_bw(this, &DmaEngine::respond);
}

tlm::tlm_sync_enum DmaEngine::respond(StridedPayload &, tlm::tlm_phase &, sc_core::sc_time &) {
  throw Error(
      "the memory answered later, expected it to complete every request at once with an annotated delay");
}

Cycle DmaEngine::earliestStart(const Work &, Cycle now, Cause &cause) {
  cause = Cause::QueueFull;
  return descriptors.size() <= static_cast<size_t>(form.startupCycles) ? now : kNever;
}

Cycle DmaEngine::start(Instance &instance, Cycle now) {
  descriptors.push_back({&instance, now + form.startupCycles});
  return kNever;
}

void DmaEngine::activate(Instance &instance, Cycle now) {
  const auto &op = std::get<TransferOperation>(instance.work.operation);
  transfer = TransferRuns(op, 1);
  const int64_t bytes = transfer.payloadBytes();
  localCycles = localBeatsOf(op, transfer, form);
  localPerByte = bytes > 0 ? static_cast<double>(localCycles) / static_cast<double>(bytes) : 0.0;
  entriesOfAll = requestsOf(transfer.runs(), transfer.address());
  entriesTaken = bytesSent = 0;
  chunkCost = {};
  roundTrip = entriesOfAll > 0 ? form.roundTrip(bytes / entriesOfAll, op.store) : 0;
  requestTail = std::max<Cycle>(0, roundTrip - form.roundTrip(1, op.store));
  transfer.cutInto(form.chunkBytes(bytes));
  current = &instance;
  unitLocation = instance.location;
  bufferedBurst = kNoBurst;
  counts.payloadBytes += bytes;
  counts.requests += entriesOfAll;
  nextRequest = std::max(nextRequest, now);
  lastData = std::max(lastData, now);
}

int64_t DmaEngine::requestsOf(const timing::Runs &runs, int64_t address) {
  const int64_t offset = address % form.requestBytes;
  return requestCounts.get({runs.bytes, runs.count[0], runs.count[1], runs.count[2], runs.count[3],
                            runs.pitch[0], runs.pitch[1], runs.pitch[2], runs.pitch[3], offset},
                           [&] { return timing::granulesTouched(runs, offset, form.requestBytes); });
}

void DmaEngine::complete(Cycle now, Cycle finished) {
  if (current->factor != 1.0) { // a perturbed duration replaces what the memory said
    finished = now + scaled(std::max<Cycle>(1, finished - current->started), current->factor);
    busyUntil(current->location, finished);
  }
  current->completes = finished;
  current = nullptr;
  unitCause.reset();
}

/// The transfer itself is work; before it, what the channels were occupied with, else latency; then the
/// banks.
void DmaEngine::accountTransfer(const StridedPayload &chunk, Cycle answered, Cycle moving, Cycle done) {
  const Cycle gap = std::max<Cycle>(0, answered - account.accountedUntil());
  const Cycle bandwidth =
      std::min(gap, board.clock.cycleAtOrAfter(Clock::later(chunk.waited, chunk.occupied)));
  stallUntil(current->location, Cause::DramLatency, answered - bandwidth);
  stallUntil(current->location, Cause::DramBandwidth, answered);
  stallUntil(current->location, Cause::ScratchpadConflict, moving);
  busyUntil(current->location, done);
}

int64_t DmaEngine::entriesFor(int64_t bytes) {
  bytesSent += bytes;
  const int64_t reached =
      scaledDown(entriesOfAll, bytesSent, transfer.payloadBytes()); // of the requests that are complete
  const int64_t entries = std::max<int64_t>(1, reached - entriesTaken);
  entriesTaken += entries;
  return entries;
}

Cycle DmaEngine::transport(StridedPayload &chunk, Cycle arrival) {
  const Femtoseconds kernel = Clock::kernelTime();
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  auto delay =
      sc_core::sc_time::from_value(static_cast<uint64_t>(board.clock.femtoseconds(arrival) - kernel));
  if (socket->nb_transport_fw(chunk, phase, delay) != tlm::TLM_COMPLETED)
    throw Error("the memory did not complete a request at once, expected it to annotate the delay");
  return board.clock.cycleAtOrAfter(Clock::later(kernel, static_cast<Femtoseconds>(delay.value())));
}

DmaEngine::ChunkCost &DmaEngine::costOfChunk(int64_t bytes, int64_t entries) {
  ChunkCost &cost = chunkCost;
  if (cost.bytes == bytes && cost.entries == entries)
    return cost;
  cost = {bytes, entries, form.busCycles(bytes)};
  cost.busCycles =
      std::max(cost.slot, static_cast<Cycle>(std::ceil(static_cast<double>(bytes) * localPerByte)));
  cost.firstOnBus = (cost.busCycles + entries - 1) / entries;
  return cost;
}

void DmaEngine::request(Cycle now) {
  StridedPayload &chunk = transfer.next();
  const int64_t bytes = chunk.runs * (chunk.trimEnd - chunk.trimBegin);
  const bool store = chunk.command == StridedPayload::Write;
  chunk.bufferedBurst = bufferedBurst;
  const int64_t entries = entriesFor(bytes);
  ChunkCost &cost = costOfChunk(bytes, entries);
  const Cycle busCycles = cost.busCycles, firstOnBus = cost.firstOnBus;
  bus.take(now, cost.slot);
  const Cycle lastIssue = std::max(now, table.take(entries, roundTrip));

  // A store's data crosses the bus before the memory, a load's after it; the first request leads the way.
  Cycle done = transport(chunk, store ? now + firstOnBus : now);
  const Cycle first = board.clock.cycleAtOrAfter(chunk.first);
  done = std::max(done, lastIssue + roundTrip + (store ? firstOnBus : 0));
  done = store ? std::max({done, now + busCycles, lastData})
               : std::max({done, first + busCycles - firstOnBus, lastData + busCycles});
  // The banks see the data at the pace of the slower side: a bus wider than the channels sends no faster.
  const Cycle moving = std::max(busCycles, board.clock.cycleAtOrAfter(chunk.occupied));
  if (cost.moving != moving) {
    cost.moving = moving;
    cost.wordsPerCycle =
        static_cast<double>(bytes) / static_cast<double>(moving * board.scratchpad.banks.widthBytes);
  }
  const Cycle conflict = board.scratchpad.contend(now, moving, cost.wordsPerCycle);
  done += conflict;
  table.put(entries, std::min(done, std::max(first + requestTail, lastData)), done);

  const uint32_t location = current->location;
  if (current->factor == 1.0)
    accountTransfer(chunk, done - conflict - busCycles, done - busCycles, done);

  bufferedBurst = chunk.bufferedBurst;
  const int64_t moved = chunk.bursts * form.dram.burstBytes;
  const Event event = store ? Event::DramWriteBytes : Event::DramReadBytes;
  eventsAt(location)[event] += moved;
  eventsAt(location)[Event::DramActivations] += chunk.activations;
  if (board.remembersEvents()) {
    EventCounts moves;
    moves[event] = moved;
    moves[Event::DramActivations] = chunk.activations;
    board.remember(streamIndex, moves, store ? now + firstOnBus : first, done);
  }
  counts.overfetch += moved - bytes;
  events.dramTime[location] += chunk.held;
  lastData = done;
  nextRequest = now + busCycles;
}

Cycle DmaEngine::advance(Cycle now) {
  bool room = false; // for a descriptor, where there was none
  if (!current) {
    if (descriptors.empty())
      return kNever;
    const Descriptor next = descriptors.front();
    if (next.decoded > now) {
      unitCause = Cause::Startup;
      unitLocation = next.instance->location;
      return next.decoded;
    }
    room = descriptors.size() > static_cast<size_t>(form.startupCycles);
    descriptors.pop_front();
    activate(*next.instance, now);
  }
  if (transfer.done()) { // nothing of the box lies inside the tensor: only fill
    const Cycle end = std::max(now, nextRequest) +
                      (std::get<TransferOperation>(current->work.operation).store ? 0 : localCycles);
    busyUntil(current->location, end);
    lastData = std::max(lastData, end);
    complete(now, lastData);
    return now; // the next instruction can start
  }
  for (;;) {
    const Cycle ready = std::max({nextRequest, table.freeFrom(), bus.freeFrom()});
    if (ready > now) {
      const bool bound = ready > nextRequest && ready > table.freeFrom();
      unitCause = bound ? Cause::Bus : Cause::DramLatency;
      return room ? now : ready;
    }
    request(now);
    if (transfer.done()) {
      complete(now, lastData);
      return now;
    }
  }
}

} // namespace arsis::sim
