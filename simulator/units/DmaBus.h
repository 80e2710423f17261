// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One direction of the bus between DRAM and scratchpad, shared by all queues that use it: whoever asks first
// has it for as long as its bytes take. A slot is taken when a request is issued; the data of a load follows
// its slot by the latency of the DRAM.
#pragma once

#include "simulator/base/Clock.h"

#include <algorithm>

namespace arsis::sim {

class DmaBus {
public:
  Cycle freeFrom() const { return free; }
  /// Takes the bus for `cycles` from `now`. REQUIRES: now >= freeFrom(). Returns the end of the slot.
  Cycle take(Cycle now, Cycle cycles) {
    free = std::max(now, free) + cycles;
    return free;
  }

private:
  Cycle free = 0;
};

} // namespace arsis::sim
