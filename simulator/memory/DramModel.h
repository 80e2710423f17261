// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The channels of the DRAM and their controllers, free of sockets. Models: channels that interleave by
// `dram.interleave_bytes`, rounds permuted or not; banks with one open row each, opened under tRCD, tRP,
// tRAS, tRC, tRRD, tFAW, tWR and tRTP while other banks transfer; bank groups and ranks (tCCD, tRRD and tWTR
// short and long, tRTRS); the direction of the bus (tWTR, turnaround); pages that stay open, close behind
// each access or time out; a queue of writes: half a batch goes out while no read is there, a whole one goes
// before reads, open rows first; refresh of a whole channel (tRFC every tREFI), which closes its rows.
// Requests are cut into pieces of one row (DramCut.h), which nothing interrupts. Pieces of one row that
// follow each other, of whatever runs, are a visit, which costs a closed form: between them nothing can come
// but a refresh. Reads are served in the order in which they arrive, a batch of writes when it is complete;
// refresh waits for the end of a piece. Does not model: reordering of reads (DramWindow.h does), reads
// answered from the queue of writes, the bus of commands, refresh bank by bank or rank by rank, a bound on
// refreshes that wait. Figures: timing/Dram.h.
#pragma once

#include "simulator/memory/DramCut.h"
#include "simulator/memory/DramTimes.h"
#include "timing/DramMap.h"

#include <optional>
#include <vector>

namespace arsis::sim {

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
  using Piece = DramPiece;
  /// Pieces of one row of one channel, one after the other.
  struct Visit {
    static constexpr size_t kMostPieces = 64; // more of one row are several visits, which changes nothing
    bool continues = false;                   // of a piece that is alone: it began in the row before
    size_t pieces = 0;
    std::array<int64_t, kMostPieces + 1> ends{}; // from [1] on: bursts up to the end of each piece
    void add(Piece piece) {
      ends[pieces + 1] = ends[pieces] + piece.end - piece.begin;
      ++pieces;
    }
  };
  struct Channel {
    Femtoseconds free = 0, // for the next slot, as far as slots and refresh go
        slotEnd = 0;       // of the last slot
    bool writing = false;
    size_t rank = 0;                            // of the last slot
    int64_t request = kNobody;                  // that came last
    Femtoseconds refreshDue = 0, refreshed = 0; // end of the last one
    std::vector<Bank> banks;
    std::vector<Rank> ranks;
    std::vector<Group> groups; // of all ranks
    std::vector<Piece> queued;
    int64_t queuedBursts = 0;
    bool draining = false;   // writes go out whenever no read is there, until none is left
    Femtoseconds enough = 0; // since when there are enough of them for that
    Femtoseconds lastAccepted = 0;
    std::vector<Femtoseconds> batchEnds; // of as many batches as the queue holds
    size_t nextBatch = 0;                // a ring: the oldest of them
  };
  /// What each run of a request asks of a row of a channel, run by run: take(channel, piece, number of the
  /// run of bursts, whether the row before holds the beginning).
  template <class Divide, class Take>
  void forEachPiece(StridedPayload &payload, const DramCut<Divide> &cut, Divide run, Take take) const;
  template <class Divide>
  void cutAndServe(StridedPayload &payload, DramCut<Divide> cut, Divide run, Femtoseconds arrival);
  /// Reads the visits of the first `count` channels in `reached`, which lie in one run of bursts.
  void readVisits(size_t count, int64_t run, Femtoseconds arrival);
  void read(Channel &channel, const Visit &visit, timing::DramPlace place, Femtoseconds arrival);
  void write(Channel &channel, Piece piece, Femtoseconds arrival);
  void writeBatch(Channel &channel, Femtoseconds decided);
  void writeRow(Channel &channel, size_t first, size_t end, timing::DramPlace place, Femtoseconds decided);
  void writeUntil(Channel &channel, Femtoseconds time);
  /// Makes the channel ready for a piece of a row; returns when its first burst begins.
  Femtoseconds open(Channel &channel, timing::DramPlace place, Femtoseconds arrival, bool write);
  /// Bursts of a row that is open.
  void transfer(Channel &channel, size_t bank, Femtoseconds begin, int64_t count, bool write);
  /// Opens and transfers a visit. Returns until when the channel was taken before the last piece.
  template <bool write>
  Femtoseconds serve(Channel &channel, const Visit &visit, timing::DramPlace place, Femtoseconds arrival);
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
  const bool closes;       // each piece its row
  const timing::DramMap map;
  const DramCut<Divisor> cut;
  std::optional<DramCut<Shift>> shiftingCut; // the same where all sizes are powers of two
  const Divisor channelCount;
  std::vector<Channel> channels;
  std::vector<Visit> visits;   // of the channels, being gathered
  std::vector<size_t> reached; // channels that have pieces there
  std::vector<Piece> batch;    // being written
  Visit row;                   // of it
  // Of the request being served.
  Femtoseconds firstBurst = 0, finished = 0, waited = 0;
  __int128 held = 0; // summed over channels
  int64_t bursts = 0;
  int64_t transferred = 0; // bursts, of all requests
};

} // namespace arsis::sim
