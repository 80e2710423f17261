// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the chip's keys to the values of the cost model.
#include "compiler/Schedule/ChipLimits.h"

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
  limits.lanes = chip.integer("vector.lanes");
  limits.vectorStartupCycles = chip.integer("vector.startup_cycles");
  limits.dmaStartupCycles = chip.integer("dma.startup_cycles");
  limits.dram = {chip.integer("dram.channels"), chip.integer("dram.interleave_bytes"),
                 chip.integer("dram.burst_bytes")};
  limits.dramBytesPerCycle = chip.real("dram.bandwidth_gbps") * kMegaPerGiga / chip.real("clock.core_mhz");
  return limits;
}

} // namespace arsis::schedule
