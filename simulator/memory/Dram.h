// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM. Models: channels that interleave by `dram.interleave_bytes`, banks with one open row each,
// bursts, row hits and misses (a miss overlaps with transfers of other banks), the time a request waits for
// its channels, a constant latency, the sum of its parts, before or after the transfer of a burst. Does not
// model: refresh, read/write turnaround, bank groups, reordering by the controller (requests are served in
// the order in which they arrive). Figures: keys `dram.*` of the chip, each with its source there.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "simulator/base/Statistics.h"
#include "simulator/memory/Payload.h"

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <vector>

namespace arsis::sim {

struct DramParameters {
  explicit DramParameters(const chip::Chip &chip);

  int64_t channels, banks, rowBytes, burstBytes, interleaveBytes;
  double bandwidthGbps;
  Femtoseconds latency, rowMiss;
  Femtoseconds burst; // one burst on one channel
};

/// Timing of the channels, free of sockets: what tests hold.
class DramModel {
public:
  explicit DramModel(const DramParameters &parameters);

  /// Serves a request that arrives at `arrival` and returns when its last byte is there. Fills the target's
  /// fields. Throws Error beyond the end of time (Clock.h).
  Femtoseconds serve(StridedPayload &payload, Femtoseconds arrival);

  int64_t rowHits = 0, rowMisses = 0, readBursts = 0, writeBursts = 0, requests = 0;
  __int128 busy = 0; // femtoseconds, summed over channels

private:
  struct Bank {
    int64_t openRow = -1; // none
    Femtoseconds free = 0;
  };
  struct Channel {
    Femtoseconds free = 0;
    std::vector<Bank> banks;
  };
  /// Bursts [begin, end) of a channel's own address space.
  void serveChannel(Channel &channel, int64_t begin, int64_t end, Femtoseconds arrival);
  /// Bursts [first, end).
  void serveBursts(int64_t first, int64_t end, Femtoseconds arrival);

  const DramParameters &parameters;
  const Divisor burst, burstsPerGranule, burstsPerRow, banks, channelCount;
  std::vector<Channel> channels;
  // Of the request being served.
  Femtoseconds firstBurst = 0, finished = 0, waited = 0;
  __int128 held = 0; // summed over channels
  int64_t bursts = 0;
};

class Dram : public sc_core::sc_module {
public:
  Dram(const sc_core::sc_module_name &name, const DramParameters &parameters);

  /// A program without DMA binds nobody.
  tlm_utils::multi_passthrough_target_socket<Dram, 32, StridedProtocol, 0, sc_core::SC_ZERO_OR_MORE_BOUND>
      socket;

  void report(Statistics &statistics, Femtoseconds total) const;

private:
  tlm::tlm_sync_enum transport(int initiator, StridedPayload &payload, tlm::tlm_phase &phase,
                               sc_core::sc_time &delay);

  DramParameters parameters;
  DramModel model;
};

} // namespace arsis::sim
