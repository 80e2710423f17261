// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the chip's keys to the values of the cost model.
#include "compiler/Transforms/Map/Machine.h"

namespace arsis::compiler {

Machine readMachine(const chip::Chip &chip) {
  constexpr int64_t kBytesPerKib = 1024;
  constexpr double kMegaPerGiga = 1000; // (GB/s) / MHz = 1000 bytes per cycle
  Machine machine;
  machine.units = chip.integer("matrix.units");
  machine.rows = chip.integer("matrix.rows");
  machine.cols = chip.integer("matrix.cols");
  machine.weightBanks = chip.integer("matrix.weight_banks");
  machine.accumulatorRows = chip.integer("matrix.accumulator_rows");
  machine.scratchpadBytes = chip.integer("scratchpad.kib") * kBytesPerKib;
  machine.lanes = chip.integer("vector.lanes");
  machine.vectorStartupCycles = chip.integer("vector.startup_cycles");
  machine.dmaStartupCycles = chip.integer("dma.startup_cycles");
  machine.dram = {chip.integer("dram.channels"), chip.integer("dram.interleave_bytes"),
                  chip.integer("dram.burst_bytes")};
  machine.dramBytesPerCycle = chip.real("dram.bandwidth_gbps") * kMegaPerGiga / chip.real("clock.core_mhz");
  return machine;
}

} // namespace arsis::compiler
