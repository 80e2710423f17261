// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DMA queue that has DRAM and bus to itself: what a transfer asks of the bus, the scratchpad side, the DRAM
// and the queue's table of requests, and how long a stream of equal transfers takes: as long as the slowest
// of them, the table by Little's law (entries / round trip), plus a latency and the decoding of a descriptor
// once. Does not model: rows of the DRAM after the first, refresh, turnaround, other queues, the issue of
// instructions. Figures: keys `dma.*`, `dram.*`, `scratchpad.*` and `clock.core_mhz` of the chip.
#pragma once

#include "timing/Banks.h"
#include "timing/Runs.h"

namespace arsis::timing {

/// The unloaded latency of the DRAM without the burst itself, the sum of its parts (ns): from a request that
/// leaves its queue to the first byte that arrives, row open.
double dramLatencyNs(const chip::Chip &chip);

/// One load or store.
struct Transfer {
  int64_t bytes = 0;    // of the tensor
  int64_t requests = 0; // entries of the table
  double dramBytes = 0; // for which the whole DRAM is occupied
  int64_t beats = 0;    // of the scratchpad side
};

class Dma {
public:
  explicit Dma(const chip::Chip &chip);

  /// `address` is the first run's in the DRAM, `beats` from localBeats.
  Transfer transfer(const Runs &runs, int64_t address, int64_t beats) const;
  /// Cycles of the bus between DRAM and scratchpad, which all queues share, both ways.
  int64_t busCycles(int64_t bytes) const { return (bytes + busBytesPerCycle - 1) / busBytesPerCycle; }
  /// Cycles of the scratchpad side. A beat moves as many elements as the bus is wide, in the tensor's order;
  /// elements that the box lays far apart fall into different words and may meet in a bank. `elements` of the
  /// box are moved, fill included; strides in elements.
  int64_t localBeats(int64_t elements, const std::array<int64_t, 4> &box,
                     const std::array<int64_t, 4> &stride, int64_t elementBytes) const;
  /// Cycles that a request of `bytes` keeps its entry of the table, nobody else about and its row open.
  int64_t roundTrip(int64_t bytes) const;

  /// Cycles from one transfer to the next in a long stream of equal ones.
  double period(const Transfer &transfer) const;
  /// Cycles of `n` equal transfers, from the first instruction's issue to the last byte.
  double stream(const Transfer &transfer, int64_t n) const;

  const Channels dram;
  const int64_t outstanding, requestBytes, busBytesPerCycle, startupCycles;
  const double dramBytesPerCycle, latencyCycles, rowMissCycles;
  const Banks banks;

private:
  /// Cycles of the slowest of bus, scratchpad side and channels.
  double moving(const Transfer &transfer) const;
};

} // namespace arsis::timing
