// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What happened, counted where it happened: one row of event counts per (unit, location in the model).
// Energy, traffic and utilisation are all sums over these rows, so totals and tables cannot disagree.
#pragma once

#include "dialects/Isa/Numerics/ElementType.h"
#include "simulator/base/Causes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace arsis::sim {

// X(enumerator, name in reports, key of its energy per event in the chip file, or "" if it costs none of its
// own)
#define ARSIS_EVENTS(X)                                                                                      \
  X(MacF32, "mac_f32", "energy.mac_f32_pj")                                                                  \
  X(MacBf16, "mac_bf16", "energy.mac_bf16_pj")                                                               \
  X(MacF16, "mac_f16", "energy.mac_f16_pj")                                                                  \
  X(RegisterBits, "register_bits", "energy.register_pj")                                                     \
  X(ScratchpadReadBytes, "spm_read_bytes", "")                                                               \
  X(ScratchpadWriteBytes, "spm_write_bytes", "")                                                             \
  X(ScratchpadReadWords, "spm_read_words", "energy.spm_read_pj")                                             \
  X(ScratchpadWriteWords, "spm_write_words", "energy.spm_write_pj")                                          \
  X(AccumulatorReadBytes, "acc_read_bytes", "")                                                              \
  X(AccumulatorWriteBytes, "acc_write_bytes", "")                                                            \
  X(AccumulatorReadRows, "acc_read_rows", "energy.acc_read_pj")                                              \
  X(AccumulatorWriteRows, "acc_write_rows", "energy.acc_write_pj")                                           \
  X(VectorOps, "vector_ops", "")                                                                             \
  X(VectorAdds, "vector_adds", "energy.vector_add_pj")                                                       \
  X(VectorMultiplies, "vector_multiplies", "energy.vector_multiply_pj")                                      \
  X(VectorCompares, "vector_compares", "energy.vector_compare_pj")                                           \
  X(TranscendentalOps, "vector_transcendental_ops", "energy.vector_transcendental_pj")                       \
  X(DramReadBytes, "dram_read_bytes", "energy.dram_read_pj_per_byte")                                        \
  X(DramWriteBytes, "dram_write_bytes", "energy.dram_write_pj_per_byte")                                     \
  X(DramActivations, "dram_activations", "energy.dram_activate_pj")                                          \
  X(FetchBytes, "fetch_bytes", "energy.fetch_pj_per_byte")                                                   \
  X(LoadPayloadBytes, "load_payload_bytes", "")                                                              \
  X(StorePayloadBytes, "store_payload_bytes", "")                                                            \
  X(FillBytes, "fill_bytes", "")                                                                             \
  X(Instructions, "instructions", "")

enum class Event : uint8_t {
#define ARSIS_X(ID, NAME, KEY) ID,
  ARSIS_EVENTS(ARSIS_X)
#undef ARSIS_X
};
/// A multiply-add of two operands of `type`. REQUIRES: a floating type.
constexpr Event productEvent(numerics::ElementType type) {
  return type == numerics::ElementType::F32    ? Event::MacF32
         : type == numerics::ElementType::BF16 ? Event::MacBf16
                                               : Event::MacF16;
}

struct EventInfo {
  const char *name, *energyKey;
};
inline constexpr EventInfo kEvents[] = {
#define ARSIS_X(ID, NAME, KEY) {NAME, KEY},
    ARSIS_EVENTS(ARSIS_X)
#undef ARSIS_X
};
constexpr size_t kEventCount = sizeof(kEvents) / sizeof(kEvents[0]);

/// One row of counts.
struct EventCounts {
  std::array<int64_t, kEventCount> count{};
  int64_t &operator[](Event event) { return count[static_cast<size_t>(event)]; }
  int64_t operator[](Event event) const { return count[static_cast<size_t>(event)]; }
  EventCounts &operator+=(const EventCounts &other) {
    for (size_t e = 0; e < kEventCount; ++e)
      count[e] += other.count[e];
    return *this;
  }
};

/// The rows of one unit, and for each location the cycles it was busy, those it was stalled by cause, and the
/// time it held the DRAM.
struct UnitEvents {
  explicit UnitEvents(size_t locations)
      : rows(locations), busyCycles(locations), stalledCycles(locations), dramTime(locations) {}
  std::vector<EventCounts> rows;
  std::vector<int64_t> busyCycles;
  std::vector<std::array<int64_t, kCauseCount>> stalledCycles;
  std::vector<int64_t> dramTime; // femtoseconds in which its requests held the DRAM, mean over channels
};

} // namespace arsis::sim
