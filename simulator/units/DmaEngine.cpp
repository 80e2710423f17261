// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DmaEngine.h.
#include "simulator/units/DmaEngine.h"
#include "dialects/Isa/Numerics/Numerics.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

DmaEngine::DmaEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                     size_t streamIndex, DmaBus &bus)
    : StreamEngine(name, board, chip, streamIndex), socket("socket"), bus(bus),
      outstanding(chip.integer("dma.outstanding_requests")), requestBytes(chip.integer("dma.request_bytes")),
      burstBytes(chip.integer("dram.burst_bytes")), startup(chip.integer("dma.startup_cycles")),
      unloadedLatencyCycles(chip.real("dram.latency_ns") * chip.real("clock.core_mhz") / 1000.0) {
  socket.register_nb_transport_bw(this, &DmaEngine::respond);
}

tlm::tlm_sync_enum DmaEngine::respond(StridedPayload &, tlm::tlm_phase &, sc_core::sc_time &) {
  throw Error(
      "the memory answered later, expected it to complete every request at once with an annotated delay");
}

Cycle DmaEngine::earliestStart(const Operation &, Cycle now, Cause &cause) {
  cause = Cause::QueueFull;
  return current ? kNever : now;
}

Cycle DmaEngine::start(Instance &instance, Cycle now) {
  const auto &op = std::get<TransferOperation>(instance.operation);
  transfer = TransferRuns(op, 1);
  const int64_t bytes = transfer.payloadBytes();
  int64_t elements = op.store ? bytes / static_cast<int64_t>(numerics::sizeInBytes(op.tensor->type)) : 1;
  if (!op.store)
    for (int64_t count : op.box)
      elements *= count;
  localCycles = scratchpadCycles(op, elements);
  localPerByte = bytes > 0 ? static_cast<double>(localCycles) / static_cast<double>(bytes) : 0.0;
  const int64_t chunk =
      std::max(kSmallestChunkBytes, (bytes + kChunksPerInstruction - 1) / kChunksPerInstruction);
  transfer = TransferRuns(op, (chunk + requestBytes.value - 1) / requestBytes.value * requestBytes.value);
  current = &instance;
  bufferedBurst = kNoBurst;
  payload += bytes;
  nextRequest = std::max(nextRequest, now) + startup;
  lastData = std::max(lastData, now);
  account.stallUntil(Cause::Startup, now + startup);
  return kNever;
}

void DmaEngine::complete(Cycle finished) {
  const Cycle now = board.clock.now();
  if (current->factor != 1.0) { // a perturbed duration replaces what the memory said
    finished = now + scaled(std::max<Cycle>(1, finished - current->started), current->factor);
    busyUntil(current->location, finished);
  }
  current->completes = finished;
  current = nullptr;
  unitCause.reset();
}

/// The beats of the scratchpad side. A beat moves as many elements as the bus is wide, in the tensor's order;
/// elements that the box lays far apart in the scratchpad fall into different words and may meet in a bank.
/// Fill is written like data.
Cycle DmaEngine::scratchpadCycles(const TransferOperation &op, int64_t elements) const {
  const auto size = static_cast<int64_t>(numerics::sizeInBytes(op.local.type));
  size_t inner = 3;
  while (inner > 0 && op.box[inner] == 1)
    --inner;
  const int64_t perBeat = std::max<int64_t>(1, std::min(bus.bytesPerCycle / size, op.box[inner]));
  const int64_t packed = std::max<int64_t>(1, bus.bytesPerCycle / size);
  const int64_t conflicts = board.scratchpad.use(perBeat, op.local.stride[inner] * size, size).cycles;
  // Short runs that follow each other closely share a beat; scattered ones do not.
  const int64_t beats =
      conflicts == 1 ? (elements + packed - 1) / packed : (elements + perBeat - 1) / perBeat;
  return beats * conflicts;
}

/// The transfer itself is work; before it, what the channels were occupied with, else latency; then the
/// banks.
void DmaEngine::accountTransfer(const StridedPayload &chunk, Cycle answered, Cycle moving, Cycle done) {
  const Cycle gap = std::max<Cycle>(0, answered - account.accountedUntil());
  const Cycle bandwidth =
      std::min(gap, board.clock.cycleAtOrAfter(Clock::later(chunk.waited, chunk.occupied)));
  account.stallUntil(Cause::DramLatency, answered - bandwidth);
  account.stallUntil(Cause::DramBandwidth, answered);
  account.stallUntil(Cause::ScratchpadConflict, moving);
  busyUntil(current->location, done);
}

void DmaEngine::request(Cycle now) {
  StridedPayload chunk = transfer.next();
  const int64_t bytes = chunk.runs * (chunk.trimEnd - chunk.trimBegin);
  const int64_t pieces = granulesTouched(chunk, requestBytes);
  chunk.bufferedBurst = bufferedBurst;
  const auto paced = static_cast<Cycle>(
      std::ceil(static_cast<double>(pieces) * unloadedLatencyCycles / static_cast<double>(outstanding)));
  const Cycle slotEnd = bus.take(now, bytes);
  // What the slower of bus and scratchpad needs for this request's share of the box.
  const Cycle busCycles =
      std::max(slotEnd - now, static_cast<Cycle>(std::ceil(static_cast<double>(bytes) * localPerByte)));
  const bool store = chunk.command == StridedPayload::Write;

  sc_core::sc_time delay = store ? board.clock.until(slotEnd) : sc_core::SC_ZERO_TIME;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  if (socket->nb_transport_fw(chunk, phase, delay) != tlm::TLM_COMPLETED)
    throw Error("the memory did not complete a request at once, expected it to annotate the delay");
  Cycle done =
      board.clock.cycleAtOrAfter(Clock::later(Clock::kernelTime(), static_cast<Femtoseconds>(delay.value())));
  done = std::max({done, slotEnd, now + paced, now + busCycles, lastData + (store ? 0 : busCycles)});
  // The banks see the data at the pace of the slower side: a bus wider than the channels sends no faster.
  const Cycle moving = std::max(busCycles, board.clock.cycleAtOrAfter(chunk.occupied));
  const double wordsPerCycle =
      static_cast<double>(bytes) / static_cast<double>(moving * board.scratchpad.bankWidth());
  const Cycle conflict = board.scratchpad.contend(now, moving, wordsPerCycle);
  done += conflict;

  const uint32_t location = current->location;
  if (current->factor == 1.0)
    accountTransfer(chunk, done - conflict - busCycles, done - busCycles, done);

  bufferedBurst = chunk.bufferedBurst;
  EventCounts &counts = eventsAt(location);
  counts[store ? Event::DramWriteBytes : Event::DramReadBytes] += chunk.bursts * burstBytes;
  overfetch += chunk.bursts * burstBytes - bytes;
  events.dramTime[location] += chunk.held;
  requests += pieces;
  lastData = done;
  chunkDone[chunks++ % kChunksInFlight] = done;
  nextRequest = now + std::max(busCycles, paced);
}

Cycle DmaEngine::advance(Cycle now) {
  if (!current)
    return kNever;
  if (transfer.done()) { // nothing of the box lies inside the tensor: only fill
    const Cycle end = std::max(now, nextRequest) +
                      (std::get<TransferOperation>(current->operation).store ? 0 : localCycles);
    busyUntil(current->location, end);
    lastData = end;
    complete(end);
    return now; // the next instruction can start
  }
  for (;;) {
    const Cycle oldestDone = chunks >= kChunksInFlight ? chunkDone[chunks % kChunksInFlight] : 0;
    const Cycle ready = std::max({nextRequest, oldestDone, bus.freeFrom()});
    if (ready > now) {
      unitCause = ready == bus.freeFrom() && ready > nextRequest ? Cause::Bus : Cause::DramLatency;
      return ready;
    }
    request(now);
    if (transfer.done()) {
      complete(lastData);
      return now;
    }
  }
}

void DmaEngine::report(Statistics &statistics) const {
  const std::string prefix = std::string(basename()) + ".";
  statistics.add(prefix + "requests", "requests", "requests of at most dma.request_bytes",
                 static_cast<double>(requests));
  statistics.add(prefix + "payload_bytes", "B", "bytes of tensors moved", static_cast<double>(payload));
  statistics.add(prefix + "overfetch_bytes", "B", "bytes of bursts that no tensor element asked for",
                 static_cast<double>(overfetch));
}

} // namespace arsis::sim
