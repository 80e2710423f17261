// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The distances that DramModel.h keeps, in whole femtoseconds. Figures: timing/Dram.h.
#pragma once

#include "simulator/base/Clock.h"
#include "timing/Dram.h"

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

} // namespace arsis::sim
