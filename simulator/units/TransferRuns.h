// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM side of a load or store: contiguous runs of bytes, as long as the tensor's strides allow, cut into
// requests to the memory. A request covers whole runs, or an aligned piece of one run.
#pragma once

#include "simulator/isa/Operation.h"
#include "simulator/memory/Payload.h"

namespace arsis::sim {

class TransferRuns {
public:
  TransferRuns() = default;
  /// REQUIRES: chunkBytes > 0.
  TransferRuns(const TransferOperation &operation, int64_t chunkBytes);

  bool done() const { return nextRun == runs; }
  int64_t payloadBytes() const { return runs * runBytes; }
  /// The next request. REQUIRES: !done().
  StridedPayload next();

private:
  StridedPayload whole; // everything
  int64_t runs = 0, runBytes = 0, chunkBytes = 1;
  int64_t nextRun = 0, nextByte = 0;
};

/// How many bursts (or requests) of `granule` bytes the payload touches, those of its line buffer left out.
int64_t granulesTouched(const StridedPayload &payload, const Divisor &granule);

} // namespace arsis::sim
