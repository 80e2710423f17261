// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM side of a load or store: contiguous runs of bytes, as long as the tensor's strides allow, cut into
// requests to the memory. A request covers whole runs, or an aligned piece of one run.
#pragma once

#include "simulator/isa/Operation.h"
#include "simulator/memory/Payload.h"
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
  int64_t address() const { return static_cast<int64_t>(whole.address); } // of the first run
  /// The next request. REQUIRES: !done().
  StridedPayload next();

private:
  StridedPayload whole; // everything
  timing::Runs shape;
  int64_t runCount = 0, chunkBytes = 1;
  int64_t nextRun = 0, nextByte = 0;
};

} // namespace arsis::sim
