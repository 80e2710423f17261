// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a trace holds: how fine it is, and of which cycles.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace arsis::sim {

enum class TraceDetail : uint8_t {
  Layers,      // when each layer and phase ran, and the counters
  Units,       // and what every unit did; what is shorter than a 16,000th is put together
  Instructions // and every instruction and every wait
};

struct TraceOptions {
  TraceDetail detail = TraceDetail::Units;
  /// Cycles of the core clock; what lies outside is left out or cut off.
  int64_t begin = 0, end = std::numeric_limits<int64_t>::max();
};

/// Throws Error for other words than layers, units and instructions.
TraceDetail parseTraceDetail(const std::string &text);
/// BEGIN:END in cycles, either of which may be missing. Throws Error unless BEGIN lies before END.
void parseTraceWindow(const std::string &text, TraceOptions &options);

} // namespace arsis::sim
