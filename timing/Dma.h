// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DMA queue that has DRAM and bus to itself: what a transfer asks of the bus, the scratchpad side, the DRAM
// and the queue's table of requests, and how long a stream of equal transfers takes: as long as the slowest
// of them, the table by Little's law (entries / round trip), plus a latency and the decoding of a descriptor
// once. Rows of the DRAM: how many a transfer opens on its way, and what that costs where the table is too
// small to hide it. Does not model: rows that other transfers close or leave open, refresh, turnaround, other
// queues, the issue of instructions. Figures: keys `dma.*`, `dram.*`, `scratchpad.*` and `clock.core_mhz`.
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
  int64_t beats = 0;    // of the scratchpad side
  /// For which the whole DRAM is occupied: its mean in a long row of transfers, and alone, until the fullest
  /// channel is through.
  double dramBytes = 0, fullestBytes = 0;
  double rowsOpened = 0; // mean in a long row of transfers
};

class Dma {
public:
  explicit Dma(const chip::Chip &chip);

  /// `address` is the first run's in the DRAM, `step` the bytes from one transfer to the next, `beats` from
  /// localBeats.
  Transfer transfer(const Runs &runs, int64_t address, int64_t step, int64_t beats) const;
  /// Cycles of the bus between DRAM and scratchpad, which all queues share, both ways.
  int64_t busCycles(int64_t bytes) const { return (bytes + busBytesPerCycle - 1) / busBytesPerCycle; }
  /// Cycles of the scratchpad side. A beat moves as many elements as the bus is wide, in the tensor's order;
  /// elements that the box lays far apart fall into different words and may meet in a bank. `elements` of the
  /// box are moved, fill included; strides in elements.
  int64_t localBeats(int64_t elements, const std::array<int64_t, 4> &box,
                     const std::array<int64_t, 4> &stride, int64_t elementBytes) const;
  /// Cycles that a request of `bytes` keeps its entry of the table, nobody else about and its row open.
  int64_t roundTrip(int64_t bytes) const;

  /// Cycles of the DRAM and the table, whichever is slower, in each round of the table: a round that has to
  /// open a row holds its entries for so much longer.
  double dramAndTable(const Transfer &transfer) const;
  /// Cycles that opening rows adds to the latency of one transfer.
  double missLatency(const Transfer &transfer) const;
  /// Cycles from one transfer to the next in a long stream of equal ones.
  double period(const Transfer &transfer) const;
  /// Cycles of `n` equal transfers, from the first instruction's issue to the last byte.
  double stream(const Transfer &transfer, int64_t n) const;

  const Channels dram;
  const int64_t outstanding, requestBytes, busBytesPerCycle, startupCycles;
  const int64_t rowBytes, rowBanks; // of all channels together; banks of one
  const double dramBytesPerCycle, latencyCycles, rowMissCycles;
  const Banks banks;

private:
  /// Cycles of the slower of bus and scratchpad side.
  double moving(const Transfer &transfer) const;
  double rounds(const Transfer &transfer) const {
    return static_cast<double>(transfer.requests) / static_cast<double>(outstanding);
  }
};

} // namespace arsis::timing
