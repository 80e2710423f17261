// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The channels of the DRAM and their controllers, free of sockets. Models: channels that interleave by
// `dram.interleave_bytes`, rounds permuted or not; banks with one open row each, opened under tRCD, tRP,
// tRAS, tRC, tRRD, tFAW, tWR and tRTP while other banks transfer; bank groups and ranks (tCCD, tRRD and tWTR
// short and long, tRTRS); the direction of the bus (tWTR, turnaround); pages that stay open, close behind
// each access or time out; a queue of writes: half a batch goes out while no read is there, a whole one goes
// before reads, open rows first; refresh of a whole channel (tRFC every tREFI), which closes its rows.
// Requests are cut into pieces of one row, which nothing interrupts: each costs a closed form. Reads are
// served in the order in which they arrive, a batch of writes when it is complete; refresh waits for the end
// of a piece. Does not model: reordering of reads (DramWindow.h does), reads answered from the queue of
// writes, the bus of commands, refresh bank by bank or rank by rank, a bound on refreshes that wait. Figures:
// timing/Dram.h.
#pragma once

#include "simulator/memory/Payload.h"
#include "timing/DramMap.h"

#include <vector>

namespace arsis::sim {

/// timing::Dram in units of simulated time.
struct DramTimes {
  explicit DramTimes(const timing::Dram &dram);
  Femtoseconds burst, readLatency, writeLatency;
  Femtoseconds writeToRead, readToWrite;                              // gaps between slots of one rank
  Femtoseconds writeToReadLong;                                       // of one bank group
  Femtoseconds otherRank, otherRankWriteToRead, otherRankReadToWrite; // gaps between slots of two
  Femtoseconds columnShort, columnLong;                               // between commands of one direction
  Femtoseconds rcd, rp, ras, rc, rrdShort, rrdLong, faw, rtp;
  Femtoseconds writeRecovery; // tCWL + tWR after the last command slot
  Femtoseconds rfc, refi, pageTimeout;
  /// Whether slots that follow each other on the bus keep all distances but those of turning it.
  bool slotsSuffice() const { return columnLong == burst && writeToReadLong == writeToRead; }
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
  int64_t flushedActivations = 0;                      // rows opened by flush
  Femtoseconds flushBegan = kNever;                    // when its first write could go; kNever: there is none
  int64_t batches = 0, turnarounds = 0, refreshes = 0; // refreshes up to a channel's last request
  /// Femtoseconds of transfers, summed over channels.
  __int128 busy() const { return static_cast<__int128>(transferred) * times.burst; }

  const timing::Dram parameters;

private:
  struct Bank {
    int64_t openRow = -1;       // none
    Femtoseconds activated = 0, // when its row opened
        closable = 0,           // when it may be precharged, as far as reads and writes go
        lastUsed = 0,           // end of its last slot
        closed = 0,             // when a row that the policy closed is closed
        openable = 0;           // when another row may open, as far as tRC goes
    size_t rank = 0, group = 0; // of all of the channel
  };
  struct Columns {                                                        // of a rank or of a bank group
    Femtoseconds last[2]{-kLongAgo, -kLongAgo}, writeSlotEnd = -kLongAgo; // last command, read and write
  };
  struct Rank {
    std::array<Femtoseconds, 4> activations{}; // a ring, the oldest at `nextActivation`
    int nextActivation = 0;
    Columns columns;
  };
  struct Group {
    Femtoseconds activated = -kLongAgo;
    Columns columns;
  };
  struct Piece { // bursts [begin, end) of a channel's own address space
    int64_t begin, end;
  };
  struct Channel {
    Femtoseconds free = 0, // for the next slot, as far as slots and refresh go
        slotEnd = 0;       // of the last slot
    bool writing = false;
    size_t rank = 0, bank = 0;                  // of the last slot
    int64_t reader = kNobody, endOfRun = 0;     // the request that read last, and of which run of a row
    Femtoseconds refreshDue = 0, refreshed = 0; // end of the last one
    std::vector<Bank> banks;
    std::vector<Rank> ranks;
    std::vector<Group> groups; // of all ranks
    std::vector<Piece> queued;
    int64_t queuedBursts = 0;
    bool draining = false;   // writes go out whenever no read is there, until none is left
    Femtoseconds enough = 0; // since when there are enough of them for that
    Femtoseconds lastAccepted = 0;
    std::vector<Femtoseconds> batchEnds; // a ring of as many batches as the queue holds
    int64_t batches = 0;
  };
  /// Bursts [first, end) of the DRAM, of several granules, split over the channels.
  void split(int64_t first, int64_t end, Femtoseconds arrival, bool write);
  int64_t turned(int64_t round) const;
  void read(Channel &channel, Piece piece, Femtoseconds arrival);
  /// Reads a piece of the row that the request has read last, if so it is and if nothing can come between.
  bool readOn(Channel &channel, Piece piece, Femtoseconds arrival);
  void write(Channel &channel, Piece piece, Femtoseconds arrival);
  void writeBatch(Channel &channel, Femtoseconds decided);
  void writeUntil(Channel &channel, Femtoseconds time);
  /// What of a piece lies in the row of its first burst.
  Piece inRow(Piece piece) const;
  /// Of a piece of one row the first burst, and all that begin before `until`; nothing comes between. Returns
  /// how many these are.
  int64_t transfer(Channel &channel, Piece piece, Femtoseconds arrival, bool write, Femtoseconds until);
  void refresh(Channel &channel, Femtoseconds arrival);
  Femtoseconds closedAt(const Bank &bank) const;
  /// When the bus and the distances between columns let a command to a bank go.
  Femtoseconds columnFrom(const Channel &channel, size_t bank, bool write) const;
  void noteColumns(Channel &channel, size_t bank, bool write, Femtoseconds last);
  /// Closes the row of a bank that the policy has closed by `time`.
  void timeOut(Bank &bank, Femtoseconds time) const;
  Femtoseconds activate(Channel &channel, timing::DramPlace place, Femtoseconds arrival);

  static constexpr Femtoseconds kLongAgo = int64_t(1) << 50; // more than any distance
  static constexpr int64_t kNobody = -1;
  const DramTimes times;
  const bool slotsSuffice; // one rank, and times.slotsSuffice()
  const bool readsOn;      // rows stay open, and slots follow each other without a gap
  const timing::DramMap map;
  const Divisor burst, burstsPerGranule, channelCount;
  std::vector<Channel> channels;
  std::vector<Piece> batch; // being written
  // Of the request being served.
  Femtoseconds firstBurst = 0, finished = 0, waited = 0, firstBegan = 0;
  __int128 held = 0; // summed over channels
  int64_t bursts = 0;
  int64_t transferred = 0; // bursts, of all requests
};

} // namespace arsis::sim
