// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The channels of a DRAM whose controllers choose (DramWindow.h), free of sockets: a request is cut into
// bursts, which go to their channels, and is answered when the last of them is done. Answers come in the
// order in which they are known, which is not that of the requests.
#pragma once

#include "simulator/memory/DramWindow.h"
#include "timing/Runs.h"

#include <unordered_map>

namespace arsis::sim {

class DramChannels {
public:
  explicit DramChannels(const timing::Dram &dram);

  struct Answer {
    int64_t tag;
    Femtoseconds first, last; // at the sender: the first burst of the request, and all of it
  };

  /// Bursts [first, end) of the DRAM, of the request `tag`. REQUIRES: arrivals do not fall from call to call;
  /// no advance between the calls for one request.
  void push(int64_t tag, int64_t first, int64_t end, bool write, Femtoseconds arrival);
  /// When the next command goes; kNever as DramWindow::next.
  Femtoseconds next();
  /// All commands before `until`. REQUIRES: what arrives before is pushed.
  void advance(Femtoseconds until);
  /// Everything goes to the DRAM; returns when the last data are there. REQUIRES: no request follows.
  Femtoseconds flush();

  /// Filled by advance and flush; who reads it clears it.
  std::vector<Answer> answers;
  const std::vector<DramWindow> &all() const { return channels; }

private:
  struct InFlight {
    int64_t bursts = 0;
    bool write = false;
    Femtoseconds first = kNever, last = 0;
  };
  void collect(DramWindow &window);

  const timing::Channels form;
  const int64_t perPiece; // bursts
  std::vector<DramWindow> channels;
  const Femtoseconds readLatency, writeLatency; // outside the channels
  std::unordered_map<int64_t, InFlight> inFlight;
};

} // namespace arsis::sim
