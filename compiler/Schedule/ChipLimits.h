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
  int64_t scratchpadBanks = 4, bankBytes = 64;
  int64_t lanes = 16, vectorStartupCycles = 8;
  double dramBytesPerCycle = 16;
  int64_t dmaStartupCycles = 16;
  timing::Channels dram;

  /// Elements from row to row of a tile that the DMA turns on its way in: neighbours in the DRAM come to lie
  /// below each other, and rows of a whole number of words that shares no factor with the number of banks put
  /// them into different banks. The extent itself where a row is no longer than a word, or would grow by more
  /// than half.
  int64_t turnedPitch(int64_t extent, int64_t elementBytes) const;
};

/// Reads every value from `chip`; throws arsis::Error naming a missing key.
ChipLimits readChipLimits(const chip::Chip &chip);

} // namespace arsis::schedule

#endif
