// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Why a unit stands still.
#pragma once

#include <cstddef>
#include <cstdint>

namespace arsis::sim {

// X(enumerator, name in reports, what it means)
#define ARSIS_STALL_CAUSES(X)                                                                                \
  X(WaitLoad, "wait_load", "a counter that a load stream writes")                                            \
  X(WaitStore, "wait_store", "a counter that a store stream writes")                                         \
  X(WaitMatrix, "wait_matrix", "a counter that a matrix stream writes")                                      \
  X(WaitDrain, "wait_drain", "a counter that a drain stream writes")                                         \
  X(WaitVector, "wait_vector", "a counter that a vector stream writes")                                      \
  X(WaitCollective, "wait_collective", "a counter that a collective stream writes")                          \
  X(Fetch, "fetch", "the next instruction is not decoded yet")                                               \
  X(QueueFull, "queue_full", "too many instructions are in flight")                                          \
  X(Startup, "startup", "the pipeline of the unit fills or empties")                                         \
  X(WeightLoad, "weight_load", "weights are being loaded and nothing hides it")                              \
  X(WeightBank, "weight_bank", "the weight bank is still in use")                                            \
  X(ArrayLatency, "array_latency", "the last results are on their way out")                                  \
  X(ScratchpadConflict, "scratchpad_conflict", "scratchpad banks serve somebody else")                       \
  X(DramLatency, "dram_latency", "the DRAM has not answered yet")                                            \
  X(DramBandwidth, "dram_bandwidth", "the DRAM channels are occupied")                                       \
  X(Bus, "bus", "the bus between DRAM and scratchpad serves another queue")

enum class Cause : uint8_t {
#define ARSIS_X(ID, NAME, MEANING) ID,
  ARSIS_STALL_CAUSES(ARSIS_X)
#undef ARSIS_X
};
inline constexpr const char *kCauseNames[] = {
#define ARSIS_X(ID, NAME, MEANING) NAME,
    ARSIS_STALL_CAUSES(ARSIS_X)
#undef ARSIS_X
};
constexpr size_t kCauseCount = sizeof(kCauseNames) / sizeof(kCauseNames[0]);

} // namespace arsis::sim
