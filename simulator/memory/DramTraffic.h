// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DRAM alone under traffic: requests of a pattern or a trace, of which so many are in flight at most, and
// what bandwidth and latency they see. Which controller answers them is the chip's `dram.scheduler`:
// DramModel.h or DramChannels.h.
#pragma once

#include "simulator/memory/DramChannels.h"
#include "simulator/memory/DramModel.h"

#include <string>
#include <vector>

namespace arsis::sim {

struct DramRequest {
  Femtoseconds arrival = 0; // at the earliest
  int64_t address = 0, bytes = 0;
  bool write = false;
};

struct DramPattern {
  enum Kind { Sequential, Copy, Random, Strided } kind = Sequential;
  int64_t requests = 0, requestBytes = 0;
  int64_t footprintBytes = 0; // addresses begin again behind it
  int64_t strideBytes = 0;    // of Strided
  double readShare = 1;       // of all but Copy, which reads the lower half and writes the upper one
  uint64_t seed = 0;
};
/// All requests of a pattern, there from the beginning. Throws Error for sizes that are not positive and for
/// a footprint that holds no request.
std::vector<DramRequest> requestsOf(const DramPattern &pattern);

/// A text with one request a line: `TIME_NS R|W ADDRESS BYTES`, in order of time; `#` begins a comment.
/// Numbers in C notation. Throws Error with `name`, line and what was expected.
std::vector<DramRequest> parseDramTrace(const std::string &text, const std::string &name);

/// Mean, and what so much of the requests do not exceed; ns.
struct DramLatency {
  double mean = 0, median = 0, percentile99 = 0, most = 0;
};
struct DramResult {
  int64_t requests = 0, readBytes = 0, writeBytes = 0; // whole bursts
  int64_t bursts = 0, openings = 0, batches = 0, turnarounds = 0, refreshes = 0;
  double nanoseconds = 0;             // from the first arrival to the last data
  DramLatency reads, writes;          // from the arrival to the answer; a write is answered by the queue
  double gigabytesPerSecond() const { // 1 GB = 10^9 B
    return nanoseconds > 0 ? static_cast<double>(readBytes + writeBytes) / nanoseconds : 0;
  }
  /// The share of the bursts for which no row was opened; zero if rows were opened more often than used,
  /// since a refresh closes them.
  double rowHits() const {
    return openings < bursts ? 1 - static_cast<double>(openings) / static_cast<double>(bursts) : 0;
  }
};

/// Sends the requests in order, each when it has arrived and fewer than `outstanding` are in flight; that is
/// when its latency begins. REQUIRES: outstanding > 0, arrivals that do not fall.
DramResult runDram(const timing::Dram &dram, const std::vector<DramRequest> &requests, int64_t outstanding);

} // namespace arsis::sim
