// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The figures of the DRAM, by the names of the standards (JEDEC), and what follows from them for a long mix
// of reads and writes: what share of the time refresh leaves, and what a batch of writes costs among reads.
// Figures: keys `dram.*`; all times in ns. The machine (simulator/memory) and the
// cost model read the same ones.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "arch_configs/reader/DramOrder.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace arsis::timing {

/// Where a permuted round over banks begins: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA
/// 2014). It stands for the exclusive or of many address bits that controllers take; of few bits alone it
/// would leave distances at which half of the rounds meet.
inline int64_t hashOf(int64_t round) {
  auto hash = static_cast<uint64_t>(round);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return static_cast<int64_t>((hash ^ (hash >> 31)) >> 32);
}
/// Where a permuted round over n channels begins, modulo n: each one channel on from the round before, and
/// each `block` of n rounds by its hash.
inline int64_t turnOf(int64_t round, int64_t block) { return round + hashOf(block); }

enum class DramScheduler { InOrder, FrFcfs };
enum class PagePolicy { Open, Closed, TimedOut };

struct Dram {
  explicit Dram(const chip::Chip &chip);

  /// Of one burst on its channel.
  double burstNs() const { return static_cast<double>(burstBytes * channels) / bandwidthGbps; }
  /// The unloaded latency without the burst itself, the sum of its parts: from a read that leaves its queue
  /// to its first byte, row open; and until a write is in the queue of the controller and its sender knows.
  double readLatencyNs() const { return controller + interconnect + phy + cl; }
  double writeLatencyNs() const { return controller + interconnect; }
  /// From the end of the last burst's command slot to the first command in the other direction.
  double writeToReadNs() const { return cwl + wtrShortNs(); }
  double readToWriteNs() const { return std::max(0.0, cl + rtw - cwl); }
  double rowMissNs() const { return rp + rcd; }
  /// The share of the time that refresh leaves a channel: before it all rows are closed, behind it the next
  /// one is opened.
  double usable() const { return 1 - refreshNs() / refi; }
  double refreshNs() const { return rfc > 0 ? rtp + rp + rfc + rcd : 0; }
  /// Times of which the table may say too little. With one bank group every access is to the same one.
  double rowCycleNs() const { return std::max(rc, ras + rp); }
  double columnLongNs() const { return std::max({burstNs(), ccd, ccdLong}); } // to the same bank group
  double columnShortNs() const { return groups == 1 ? columnLongNs() : std::max(burstNs(), ccd); }
  double rrdLongNs() const { return std::max(rrd, rrdLong); }
  double rrdShortNs() const { return groups == 1 ? rrdLongNs() : rrd; }
  double wtrLongNs() const { return std::max(wtr, wtrLong); }
  double wtrShortNs() const { return groups == 1 ? wtrLongNs() : wtr; }
  /// Where the table contradicts itself, and what is used, one sentence each.
  std::vector<std::string> repairs() const;
  /// The share of the peak at which a stream of reads goes along rows, refresh left out: a row is in one bank
  /// group, and only a window of reads that reaches into the next row has another one beside it.
  double streamShare() const;
  /// What a channel loses with each batch of writes among reads: the bus turns round twice, and with a
  /// chance of one in `banks` each side finds a row of the other in its bank.
  double perBatchNs() const {
    return writeToReadNs() + readToWriteNs() + 2 * rowMissNs() / static_cast<double>(banks * ranks);
  }

  int64_t channels, ranks, groups, banks, rowBytes, burstBytes, interleaveBytes; // banks of a rank
  std::vector<chip::DramField> order;
  bool plainOrder; // rows go round all banks, whatever their number
  bool banksPermuted, channelsPermuted;
  int64_t writeQueue, writeBatch, readQueue; // bursts of a channel
  DramScheduler scheduler;
  PagePolicy policy;
  double bandwidthGbps;
  double controller, interconnect, phy; // parts of the latency
  double pageTimeout;
  double cl, cwl, rcd, rp, ras, rc, ccd, ccdLong, rrd, rrdLong, faw, wr, rtp, wtr, wtrLong, rtw, rtrs, rfc,
      refi;
};

} // namespace arsis::timing
