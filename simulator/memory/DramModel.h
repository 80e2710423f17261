// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The channels of the DRAM and their controllers, free of sockets. Models: channels that interleave by
// `dram.interleave_bytes`, rounds permuted or not; banks with one open row each, opened under tRCD, tRP,
// tRAS, tRRD, tFAW, tWR and tRTP while other banks transfer; the direction of the bus (tWTR, turnaround); a
// queue of writes: half a batch goes out while no read is there, a whole one goes before reads, open rows
// first; refresh of a whole channel (tRFC every tREFI), which closes its rows. Requests are cut into pieces
// of one row, which nothing interrupts: each costs a closed form. Reads are served in the order in which they
// arrive, a batch of writes when it is complete; refresh waits for the end of a piece. Does not model: bank
// groups, ranks, reordering of reads, reads answered from the queue of writes, refresh bank by bank, a bound
// on refreshes that wait. Figures: timing/Dram.h.
#pragma once

#include "simulator/memory/Payload.h"
#include "timing/Dram.h"

#include <vector>

namespace arsis::sim {

/// timing::Dram in units of simulated time.
struct DramTimes {
  explicit DramTimes(const timing::Dram &dram);
  Femtoseconds burst, readLatency, writeLatency, writeToRead, readToWrite;
  Femtoseconds rcd, rp, ras, rrd, faw, rtp, writeRecovery; // tCWL + tWR after the last command slot
  Femtoseconds rfc, refi;
};

class DramModel {
public:
  explicit DramModel(const timing::Dram &parameters);

  /// Takes a request that arrives at `arrival` and returns when its last byte is there: of a read, at its
  /// sender; of a write, in the queue, and its sender knows. Fills the target's fields. Throws Error beyond
  /// the end of time (Clock.h).
  Femtoseconds serve(StridedPayload &payload, Femtoseconds arrival);
  /// Writes what is still queued; returns when everything is in the DRAM.
  Femtoseconds flush();

  int64_t rowHits = 0, rowMisses = 0, readBursts = 0, writeBursts = 0, requests = 0;
  int64_t batches = 0, turnarounds = 0, refreshes = 0; // refreshes up to a channel's last request
  __int128 busy = 0;                                   // femtoseconds of transfers, summed over channels

  const timing::Dram parameters;

private:
  struct Bank {
    int64_t openRow = -1;       // none
    Femtoseconds activated = 0, // when its row opened
        closable = 0;           // when it may be precharged, as far as reads and writes go
  };
  struct Piece { // bursts [begin, end) of a channel's own address space
    int64_t begin, end;
  };
  struct Channel {
    Femtoseconds free = 0, // for the next slot, as far as slots and refresh go
        slotEnd = 0;       // of the last slot
    bool writing = false;
    std::array<Femtoseconds, 4> activations{}; // a ring, the oldest at `nextActivation`
    unsigned nextActivation = 0;
    int64_t lastRow = 0; // that was asked for its bank
    size_t bankOfLastRow = 0;
    Femtoseconds refreshDue = 0, refreshed = 0; // end of the last one
    std::vector<Bank> banks;
    std::vector<Piece> queued;
    int64_t queuedBursts = 0;
    bool draining = false;   // writes go out whenever no read is there, until none is left
    Femtoseconds enough = 0; // since when there are enough of them for that
    Femtoseconds lastAccepted = 0;
    std::vector<Femtoseconds> batchEnds; // a ring of as many batches as the queue holds
    int64_t batches = 0;
  };
  /// Bursts [first, end) of the DRAM, split over the channels.
  void split(int64_t first, int64_t end, Femtoseconds arrival, bool write);
  void read(Channel &channel, Piece piece, Femtoseconds arrival);
  void write(Channel &channel, Piece piece, Femtoseconds arrival);
  void writeBatch(Channel &channel, Femtoseconds decided);
  void writeUntil(Channel &channel, Femtoseconds time);
  /// What of a piece lies in the row of its first burst.
  Piece inRow(Piece piece) const;
  /// Of a piece of one row the first burst, and all that begin before `until`; nothing comes between. Returns
  /// how many these are.
  int64_t transfer(Channel &channel, Piece piece, Femtoseconds arrival, bool write, Femtoseconds until);
  void refresh(Channel &channel, Femtoseconds arrival);
  size_t bankOf(int64_t row) const;
  Femtoseconds closedAt(const Bank &bank) const;
  Femtoseconds activate(Channel &channel, Bank &bank, int64_t row, Femtoseconds arrival);

  const DramTimes times;
  const Divisor burst, burstsPerGranule, burstsPerRow, channelCount, banks;
  std::vector<Channel> channels;
  std::vector<Piece> batch; // being written
  // Of the request being served.
  Femtoseconds firstBurst = 0, finished = 0, waited = 0, firstBegan = 0;
  __int128 held = 0; // summed over channels
  int64_t bursts = 0;
};

} // namespace arsis::sim
