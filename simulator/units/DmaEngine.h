// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DMA queue, load or store. An instruction becomes requests of at most `dma.request_bytes` over contiguous
// runs; they go out in order over the shared bus, each as soon as it has an entry of the queue's table of
// `dma.outstanding_requests`, which all instructions of the queue share: whoever is in flight, Little's law
// holds. Descriptors are decoded in a pipeline of `dma.startup_cycles`, beside the data of the instructions
// before. To bound events, requests travel in chunks (timing::Dma::chunkBytes); entries come back one by one
// within a chunk (RequestTable.h), so that the size of a chunk bounds nothing. The scratchpad side moves a
// bus width of elements a beat, more beats where a transposing box meets in a bank; fill takes beats like
// data. A store is done when the controller of the DRAM has all of it. Does not model: reordering between
// requests, back-pressure of the scratchpad on the DRAM. Figures: keys `dma.*`, and forms of timing/Dma.h.
#pragma once

#include "simulator/memory/Dram.h"
#include "simulator/units/DmaBus.h"
#include "simulator/units/RequestTable.h"
#include "simulator/units/StreamEngine.h"
#include "simulator/units/TransferRuns.h"
#include "timing/Dma.h"
#include "timing/Memo.h"

#include <tlm_utils/simple_initiator_socket.h>

namespace arsis::sim {

class DmaEngine final : public StreamEngine {
public:
  DmaEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex,
            DmaBus &bus);
  void report(Statistics &statistics) const override { counts.report(statistics, basename()); }

  tlm_utils::simple_initiator_socket<DmaEngine, 32, StridedProtocol> socket;

protected:
  UnitCost costOf(const Operation &) const override { return {}; } // the memory tells
  Cycle earliestStart(const Work &work, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;
  Cycle advance(Cycle now) override;
  Cause tailCause() const override { return Cause::DramLatency; }

private:
  tlm::tlm_sync_enum respond(StridedPayload &, tlm::tlm_phase &, sc_core::sc_time &);
  /// The instruction becomes the one whose requests go out.
  void activate(Instance &instance, Cycle now);
  void request(Cycle now);
  /// Requests of all runs, the first one at `address`.
  int64_t requestsOf(const timing::Runs &runs, int64_t address);
  /// Entries of the table for the next `bytes` of the instruction.
  int64_t entriesFor(int64_t bytes);
  struct ChunkCost {
    int64_t bytes = 0, entries = 0;
    Cycle slot = 0;       // on the bus
    Cycle busCycles = 0;  // of the slower of bus and scratchpad, for its share of the box
    Cycle firstOnBus = 0; // of them for its first request
    Cycle moving = 0;     // what these were worked out for
    double wordsPerCycle = 0;
  };
  /// Of a chunk of so many bytes and entries; most chunks of an instruction are equal.
  ChunkCost &costOfChunk(int64_t bytes, int64_t entries);
  /// Sends a chunk that reaches the memory in `arrival`; returns when it is answered.
  Cycle transport(StridedPayload &chunk, Cycle arrival);
  void accountTransfer(const StridedPayload &chunk, Cycle answered, Cycle moving, Cycle done);
  /// Closes the instruction whose last request is out.
  void complete(Cycle now, Cycle finished);

  DmaBus &bus;
  const timing::Dma form;

  struct Descriptor {
    Instance *instance;
    Cycle decoded;
  };
  std::deque<Descriptor> descriptors; // being decoded, or waiting for `current`
  Instance *current = nullptr;        // its requests are going out
  TransferRuns transfer;
  Cycle localCycles = 0;   // beats of the scratchpad side of the instruction, fill included
  double localPerByte = 0; // of them for each byte inside the tensor
  int64_t entriesOfAll = 0, entriesTaken = 0, bytesSent = 0; // of the instruction
  ChunkCost chunkCost;                                       // of the last chunk of the instruction
  Cycle roundTrip = 0, requestTail = 0; // of one request of the instruction; after its first burst
  int64_t bufferedBurst = kNoBurst;
  Cycle nextRequest = 0; // the queue may issue again
  Cycle lastData = 0;    // of the data that has moved so far, in order
  RequestTable table;
  timing::Memo<int64_t, 10> requestCounts; // boxes of one size begin in few places of a request
  TransferCounts counts;
};

} // namespace arsis::sim
