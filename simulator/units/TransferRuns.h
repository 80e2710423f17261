// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM side of a load or store: contiguous runs of bytes, as long as the tensor's strides allow, cut into
// requests to the memory. A request covers whole runs, or an aligned piece of one run. And what both kinds of
// queue say of a transfer.
#pragma once

#include "simulator/base/Clock.h"
#include "simulator/base/Statistics.h"
#include "simulator/isa/Operation.h"
#include "simulator/memory/Payload.h"
#include "timing/Dma.h"
#include "timing/Runs.h"

namespace arsis::sim {

class TransferRuns {
public:
  TransferRuns() = default;
  /// REQUIRES: chunkBytes > 0.
  TransferRuns(const TransferOperation &operation, int64_t chunkBytes);

  /// From now on in requests of at most `bytes`. REQUIRES: bytes > 0, that none was taken.
  void cutInto(int64_t bytes) { chunkBytes = bytes; }

  bool done() const { return nextRun == runCount; }
  int64_t payloadBytes() const { return shape.totalBytes(); }
  const timing::Runs &runs() const { return shape; }
  int64_t address() const { return static_cast<int64_t>(payload.address); } // of the first run
  /// The next request; lives until the next call. REQUIRES: !done().
  StridedPayload &next();

private:
  StridedPayload payload; // of the last request; what all agree in is there from the beginning
  timing::Runs shape;
  int64_t runCount = 0, chunkBytes = 1;
  int64_t nextRun = 0, nextByte = 0;
};

/// Beats that the scratchpad's side of a whole box takes; fill takes beats like data.
Cycle localBeatsOf(const TransferOperation &operation, const TransferRuns &runs, const timing::Dma &form);

/// What a queue has moved.
struct TransferCounts {
  int64_t requests = 0, payloadBytes = 0, overfetch = 0;
  /// `unit`: its name.
  void report(Statistics &statistics, const std::string &unit) const;
};

} // namespace arsis::sim
