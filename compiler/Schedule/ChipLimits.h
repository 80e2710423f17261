// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The few chip values on which mapping decisions rest, read once from the chip description, in the units of
// the cost model: bytes, accumulator rows, core cycles.
#ifndef ARSIS_COMPILER_SCHEDULE_CHIPLIMITS_H
#define ARSIS_COMPILER_SCHEDULE_CHIPLIMITS_H

#include "arch_configs/reader/MatrixPasses.h"
#include "timing/Runs.h"

#include <cstdint>

namespace arsis::schedule {

struct ChipLimits {
  int64_t units = 1, rows = 16, cols = 16; // matrix units and their arrays
  int64_t weightBanks = 2;
  chip::MatrixPasses passes;      // of a product through an array, by type
  int64_t accumulatorRows = 1024; // per unit
  int64_t scratchpadBytes = 256 * 1024;
  int64_t lanes = 16, vectorStartupCycles = 8;
  double dramBytesPerCycle = 16;
  int64_t dmaStartupCycles = 16;
  timing::Channels dram;
};

/// Reads every value from `chip`; throws arsis::Error naming a missing key.
ChipLimits readChipLimits(const chip::Chip &chip);

} // namespace arsis::schedule

#endif
