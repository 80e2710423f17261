// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The front end of a stream: fetch and decode of one instruction after the other. Models: a decoder that
// takes `frontend.decode_cycles`, or as long as the bytes of the instruction need at
// `frontend.fetch_bytes_per_cycle`, whichever is longer, and a buffer of kPrefetchDepth decoded instructions
// ahead of issue. Does not model: contention of streams for instruction memory, a loop buffer (every instance
// is fetched). Figures: keys `frontend.*`; the depth of the buffer is assumed.
#pragma once

#include "arch_configs/reader/Chip.h"

#include <algorithm>
#include <cstdint>

namespace arsis::timing {

struct Frontend {
  explicit Frontend(const chip::Chip &chip)
      : decodeCycles(chip.integer("frontend.decode_cycles")),
        bytesPerCycle(chip.integer("frontend.fetch_bytes_per_cycle")) {}

  /// Cycles from one decoded instruction to the next.
  int64_t cycles(int64_t bytes) const {
    return std::max(decodeCycles, (bytes + bytesPerCycle - 1) / bytesPerCycle);
  }

  static constexpr int64_t kPrefetchDepth = 4;
  const int64_t decodeCycles, bytesPerCycle;
};

} // namespace arsis::timing
