// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DMA queue that has DRAM and bus to itself: what a transfer asks of the bus, the scratchpad side, the DRAM
// and the queue's table of requests, and how long a stream of equal transfers takes: as long as the slowest
// of them, the table by Little's law (entries / round trip), plus a latency and the decoding of a descriptor
// once. A store is answered when the controller has it; its DRAM time comes later, and with what a batch of
// writes costs among reads. Rows of the DRAM: how many a transfer opens on its way, and what that costs where
// the table is too small to hide it. Refresh takes its mean share of the time. Does not model: other queues,
// the issue of instructions. Figures: keys `dma.*`, `dram.*`, `scratchpad.*` and `clock.core_mhz`.
#pragma once

#include "timing/Banks.h"
#include "timing/Dram.h"
#include "timing/Runs.h"

#include <cmath>

namespace arsis::timing {

/// One load or store.
struct Transfer {
  bool store = false;
  int64_t bytes = 0;    // of the tensor
  int64_t requests = 0; // entries of the table
  int64_t beats = 0;    // of the scratchpad side
  /// For which the whole DRAM is occupied: its mean in a long row of transfers, and alone, until the fullest
  /// channel is through.
  double dramBytes = 0, fullestBytes = 0;
  /// The same in a long row of transfers if other queues find work for the channels that this one leaves
  /// idle.
  double sharedBytes = 0;
  /// Rows of the DRAM in which it lies; and of these the ones that it finds closed, mean in a long row of
  /// transfers.
  double rowsVisited = 0, rowsOpened = 0;
  double reached = 1;  // share of the channels that a visit to a row of all of them reaches
  double bankWait = 0; // cycles that a channel waits for the bank of each row that it opens, mean
};

class Dma {
public:
  explicit Dma(const chip::Chip &chip);

  /// `address` is the first run's in the DRAM, `step` the bytes from one transfer to the next, `beats` from
  /// localBeats.
  Transfer transfer(const Runs &runs, int64_t address, int64_t step, int64_t beats, bool store) const;
  /// Cycles of one direction of the bus between DRAM and scratchpad.
  int64_t busCycles(int64_t bytes) const { return (bytes + busBytesPerCycle - 1) / busBytesPerCycle; }
  /// Cycles of the scratchpad side. A beat moves as many elements as the bus is wide, in the tensor's order;
  /// elements that the box lays far apart fall into different words and may meet in a bank. `elements` of the
  /// box are moved, fill included; strides in elements.
  int64_t localBeats(int64_t elements, const std::array<int64_t, 4> &box,
                     const std::array<int64_t, 4> &stride, int64_t elementBytes) const;
  /// Requests of an instruction of `bytes` go out in chunks of so many: for speed an eighth of it, but no
  /// more than a batch of writes has on all channels, so that loads and stores take turns as the batches do;
  /// at least 1 KiB and whole requests.
  int64_t chunkBytes(int64_t bytes) const;
  /// Cycles that a request of `bytes` keeps its entry of the table, nobody else about and its row open.
  int64_t roundTrip(int64_t bytes, bool store) const;
  /// Cycles for which the channels are occupied: of a store with what its batches cost among reads, of which
  /// as many as the queue holds go out together where the store has so many bytes.
  double dramCycles(const Transfer &transfer, double dramBytes) const;
  /// The same without what batches cost.
  double channelCycles(const Transfer &transfer, double dramBytes) const {
    return std::max(dramBytes / dramBytesPerCycle, transfer.rowsOpened * transfer.reached * activationCycles);
  }
  /// Cycles for which a channel waits besides, because rows of the transfer lie in the same bank.
  double bankCycles(const Transfer &transfer) const {
    return transfer.rowsOpened * transfer.reached * transfer.bankWait;
  }

  /// Cycles of the DRAM and the table, whichever is slower, in each round of the table: a round that has to
  /// open a row holds its entries for so much longer. Of a store the table alone.
  double dramAndTable(const Transfer &transfer) const;
  /// The chance that one of so many rows lies in the same bank as another one.
  double meets(double rows) const { return 1 - std::exp(rows * otherBank); }
  /// The chance that a load which has the channels to itself finds one of its first rows closed, which it
  /// reaches before one could open.
  double firstRowClosed(const Transfer &load) const;
  /// Cycles of `n` equal transfers, from the first instruction's issue to the last byte.
  double stream(const Transfer &transfer, int64_t n) const;

  const Dram dram;
  const Channels channels;
  const int64_t outstanding, requestBytes, busBytesPerCycle, startupCycles;
  const int64_t rowBytes, rowBanks; // of all channels together; banks of one
  const double otherBank;           // logarithm of the chance that two rows lie in different banks
  const double dramBytesPerCycle;   // of a stream, refresh taken off
  const double batchOverhead;       // what a batch of writes costs among reads, over its own time
  const double latencyCycles, writeLatencyCycles, rowMissCycles;
  const double rowOpenCycles, rowCycleCycles; // a row stays open at least, and from one of a bank to the next
  const double activationCycles;              // between the openings of rows of a channel, four and more
  const double readBankCycles, writeBankCycles;      // between the data of two rows of one bank
  const double queueCycles;                          // in which a channel empties a full queue of writes
  const double batchCycles;                          // in which a channel writes a batch
  const double writeToReadCycles, readToWriteCycles; // between the slots of the two
  const double conflictCycles;                       // of a load behind a turn whose row the writes closed
  const double refreshWaitCycles; // of a request at any time for tRFC; its rows are counted as such
  const double burstCycles;       // of one burst on its channel
  const Banks banks;

private:
  /// Cycles for which each of so many rows waits on average, because one of those before it lies in the same
  /// bank: where rounds over the banks are permuted, rows of two rounds do with a chance of one in the number
  /// of banks. `apart`: rows from one visit to the next; `pace`: cycles of a visit.
  double waitForBank(double visits, double apart, double pace, bool store) const;
  /// By how much longer a stream of loads takes of which such a share lies in channels by chance.
  double waitsByChance(double requestBytes, double share) const;
  /// Cycles of the slower of bus and scratchpad side.
  double moving(const Transfer &transfer) const;
  double rounds(const Transfer &transfer) const {
    return static_cast<double>(transfer.requests) / static_cast<double>(outstanding);
  }
};

} // namespace arsis::timing
