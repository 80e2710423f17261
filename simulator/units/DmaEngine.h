// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DMA queue, load or store. An instruction becomes requests over contiguous runs; they go out in order over
// the shared bus, no faster than the bus carries them and than `dma.outstanding_requests` in flight allow at
// the unloaded latency (Little's law), and the next instruction's requests follow while earlier ones are
// still on their way. A large instruction is cut into at most about kChunksPerInstruction requests to bound
// events; each stands for as many requests of `dma.request_bytes` as it covers. The scratchpad side moves a
// bus width of elements a beat, more beats where a transposing box meets in a bank; fill takes beats like
// data. Does not model: reordering between requests, back-pressure of the scratchpad on the DRAM. Figures:
// keys `dma.*`.
#pragma once

#include "simulator/memory/Dram.h"
#include "simulator/units/DmaBus.h"
#include "simulator/units/StreamEngine.h"
#include "simulator/units/TransferRuns.h"

#include <tlm_utils/simple_initiator_socket.h>

namespace arsis::sim {

class DmaEngine final : public StreamEngine {
public:
  DmaEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex,
            DmaBus &bus);
  void report(Statistics &statistics) const override;

  tlm_utils::simple_initiator_socket<DmaEngine, 32, StridedProtocol> socket;

protected:
  Cycle earliestStart(const Operation &operation, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;
  Cycle advance(Cycle now) override;
  Cause tailCause() const override { return Cause::DramLatency; }

private:
  tlm::tlm_sync_enum respond(StridedPayload &, tlm::tlm_phase &, sc_core::sc_time &);
  void request(Cycle now);
  Cycle scratchpadCycles(const TransferOperation &op, int64_t elements) const;
  void accountTransfer(const StridedPayload &chunk, Cycle answered, Cycle moving, Cycle done);
  /// Closes the instruction whose last request is out.
  void complete(Cycle finished);

  static constexpr int64_t kChunksPerInstruction = 8;
  static constexpr int64_t kSmallestChunkBytes = 1024; // smaller ones would only cost events
  static constexpr size_t kChunksInFlight = 8;

  DmaBus &bus;
  const int64_t outstanding;
  const Divisor requestBytes;
  const int64_t burstBytes;
  const Cycle startup;
  const double unloadedLatencyCycles;

  Instance *current = nullptr; // its requests are going out
  TransferRuns transfer;
  Cycle localCycles = 0;   // beats of the scratchpad side of the instruction, fill included
  double localPerByte = 0; // of them for each byte inside the tensor
  int64_t bufferedBurst = kNoBurst;
  Cycle nextRequest = 0; // the queue may issue again
  Cycle lastData = 0;    // of the data that has moved so far, in order
  std::array<Cycle, kChunksInFlight> chunkDone{};
  uint64_t chunks = 0;
  int64_t requests = 0, payload = 0, overfetch = 0;
};

} // namespace arsis::sim
