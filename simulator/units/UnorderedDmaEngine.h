// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DMA queue, load or store, before a memory that answers later and in any order (`dram.scheduler` fr_fcfs).
// As DmaEngine.h, but for what follows from that: a chunk of requests holds its entries of the table from
// when it is sent until it is answered; so that chunks overlap it has at most a quarter of the table's
// entries. The data of an answer take the bus's side and the scratchpad's in the order of the answers; an
// instruction is done when all its chunks are. Does not model: entries that come back one by one within a
// chunk, back-pressure of the scratchpad on the DRAM. Figures: keys `dma.*`, and forms of timing/Dma.h.
#pragma once

#include "simulator/memory/Payload.h"
#include "simulator/units/DmaBus.h"
#include "simulator/units/StreamEngine.h"
#include "simulator/units/TransferRuns.h"
#include "timing/Dma.h"

#include <tlm_utils/simple_initiator_socket.h>

#include <deque>
#include <list>
#include <queue>

namespace arsis::sim {

class UnorderedDmaEngine final : public StreamEngine {
public:
  UnorderedDmaEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                     size_t streamIndex, DmaBus &bus);
  void report(Statistics &statistics) const override { counts.report(statistics, basename()); }

  tlm_utils::simple_initiator_socket<UnorderedDmaEngine, 32, StridedProtocol> socket;

protected:
  UnitCost costOf(const Operation &) const override { return {}; } // the memory tells
  Cycle earliestStart(const Work &work, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;
  Cycle advance(Cycle now) override;
  Cause tailCause() const override { return Cause::DramLatency; }

private:
  struct Flight { // of an instruction
    Instance *instance;
    Cycle decoded;
    Cycle localCycles = 0;                                // beats of the scratchpad side
    double localPerByte = 0;                              // of them for each byte inside the tensor
    int64_t entries = 0, entriesTaken = 0, bytesSent = 0; // of the whole, and of what is sent
    int64_t unanswered = 0;                               // chunks
    bool sent = false;                                    // all of them
    Cycle last = 0;                                       // of its data so far
  };
  struct Chunk : StridedPayload {
    Flight *flight = nullptr;
    int64_t entries = 0, bytes = 0;
    Cycle busCycles = 0, firstOnBus = 0, sentAt = 0, answered = 0;
  };
  struct Later {
    bool operator()(const Chunk *a, const Chunk *b) const { return a->answered > b->answered; }
  };
  tlm::tlm_sync_enum respond(StridedPayload &payload, tlm::tlm_phase &phase, sc_core::sc_time &delay);
  void activate(Cycle now);
  /// Entries of the table that the next chunk of the current instruction takes.
  int64_t entriesOfNext() const;
  void request(Cycle now);
  /// Sends what can be sent; returns when more can.
  Cycle send(Cycle now);
  void take(Chunk &chunk, Cycle now);
  void accountChunk(const Chunk &chunk, Cycle answered, Cycle done);
  /// REQUIRES: all of it is sent and answered.
  void complete(Flight &flight);

  DmaBus &bus;
  const timing::Dma form;
  const int64_t mostEntries;        // of a chunk
  std::list<Flight> flights;        // decoded, being sent, or waiting for answers
  std::deque<Flight *> descriptors; // not yet sent, in program order
  Flight *current = nullptr;        // its requests are going out
  TransferRuns transfer;            // of the current one
  std::list<Chunk> chunks;          // sent and not taken
  std::priority_queue<Chunk *, std::vector<Chunk *>, Later> answers;
  int64_t freeEntries;
  int64_t bufferedBurst = kNoBurst;
  Cycle nextRequest = 0, lastData = 0;
  TransferCounts counts;
};

} // namespace arsis::sim
