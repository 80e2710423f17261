// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the chip's keys to the values of the cost model.
#include "compiler/Schedule/ChipLimits.h"
#include "timing/Dram.h"

#include <numeric>

namespace arsis::schedule {

ChipLimits readChipLimits(const chip::Chip &chip) {
  constexpr int64_t kBytesPerKib = 1024;
  constexpr double kMegaPerGiga = 1000; // (GB/s) / MHz = 1000 bytes per cycle
  ChipLimits limits;
  limits.units = chip.integer("matrix.units");
  limits.rows = chip.integer("matrix.rows");
  limits.cols = chip.integer("matrix.cols");
  limits.weightBanks = chip.integer("matrix.weight_banks");
  limits.accumulatorRows = chip.integer("matrix.accumulator_rows");
  limits.passes = chip::MatrixPasses(chip);
  limits.scratchpadBytes = chip.integer("scratchpad.kib") * kBytesPerKib;
  limits.scratchpadBanks = chip.integer("scratchpad.banks");
  limits.bankBytes = chip.integer("scratchpad.bank_width_bytes");
  limits.lanes = chip.integer("vector.lanes");
  limits.vectorStartupCycles = chip.integer("vector.startup_cycles");
  limits.dmaStartupCycles = chip.integer("dma.startup_cycles");
  const timing::Dram dram(chip);
  limits.dram = {dram.channels, dram.interleaveBytes, dram.burstBytes, dram.channelsPermuted};
  limits.dramBytesPerCycle =
      dram.bandwidthGbps * dram.usable() * kMegaPerGiga / chip.real("clock.core_mhz") * dram.streamShare();
  return limits;
}

int64_t ChipLimits::turnedPitch(int64_t extent, int64_t elementBytes) const {
  const int64_t inWord = bankBytes / elementBytes;
  if (inWord < 1 || extent <= inWord)
    return extent;
  int64_t words = (extent + inWord - 1) / inWord;
  while (std::gcd(words, scratchpadBanks) != 1)
    ++words;
  const int64_t pitch = words * inWord;
  return 2 * pitch <= 3 * extent ? pitch : extent;
}

} // namespace arsis::schedule
