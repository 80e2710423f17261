// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DramTimes.h.
#include "simulator/memory/DramTimes.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

static Femtoseconds fromNanoseconds(double nanoseconds) {
  return std::llround(nanoseconds * static_cast<double>(kFemtosecondsPerNanosecond));
}

DramTimes::DramTimes(const timing::Dram &dram)
    : burst(fromNanoseconds(dram.burstNs())), readLatency(fromNanoseconds(dram.readLatencyNs())),
      writeLatency(fromNanoseconds(dram.writeLatencyNs())),
      writeToRead(fromNanoseconds(dram.writeToReadNs())), readToWrite(fromNanoseconds(dram.readToWriteNs())),
      writeToReadLong(fromNanoseconds(dram.cwl + dram.wtrLongNs())), otherRank(fromNanoseconds(dram.rtrs)),
      otherRankWriteToRead(fromNanoseconds(std::max(0.0, dram.cwl + dram.rtrs - dram.cl))),
      otherRankReadToWrite(
          fromNanoseconds(std::max(0.0, dram.cl + std::max(dram.rtw, dram.rtrs) - dram.cwl))),
      columnShort(fromNanoseconds(dram.columnShortNs())), columnLong(fromNanoseconds(dram.columnLongNs())),
      rcd(fromNanoseconds(dram.rcd)), rp(fromNanoseconds(dram.rp)), ras(fromNanoseconds(dram.ras)),
      rc(fromNanoseconds(dram.rowCycleNs())), rrdShort(fromNanoseconds(dram.rrdShortNs())),
      rrdLong(fromNanoseconds(dram.rrdLongNs())), faw(fromNanoseconds(dram.faw)),
      rtp(fromNanoseconds(dram.rtp)), writeRecovery(fromNanoseconds(dram.cwl + dram.wr)),
      rfc(fromNanoseconds(dram.rfc)), refi(fromNanoseconds(dram.refi)),
      pageTimeout(fromNanoseconds(dram.pageTimeout)) {}

} // namespace arsis::sim
