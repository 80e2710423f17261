// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Silicon.h.
#include "arch_configs/reader/Silicon.h"

#include <utility>

namespace arsis::chip {

Silicon::Silicon(const std::function<double(std::string_view)> &value)
    : point{value("technology.node_nm"), value("technology.voltage_v"),
            value("technology.logic_low_power") != 0 ? technology::Transistor::LowPower
                                                     : technology::Transistor::HighPerformance},
      periodNs(1000 / value("clock.core_mhz")), scratchpadBanks(value("scratchpad.banks")),
      accumulatorBanks(value("matrix.units") * value("technology.accumulator_banks")) {
  constexpr double kKib = 1024, kSumBytes = 4, kFetchedBytes = 8;
  const auto shape = [&](double bytes, double wordBytes, bool twoPorts) {
    return technology::SramShape{
        bytes,        wordBytes,     twoPorts, value("technology.sram_low_standby") != 0,
        point.nodeNm, point.voltage, periodNs};
  };
  scratchpadBank =
      shape(value("scratchpad.kib") * kKib / scratchpadBanks, value("scratchpad.bank_width_bytes"), false);
  const double row = value("matrix.cols") * kSumBytes;
  accumulatorBank =
      shape(value("matrix.accumulator_rows") * row / value("technology.accumulator_banks"), row, true);
  instructionBuffer = shape(value("technology.instruction_buffer_kib") * kKib, kFetchedBytes, false);
}

ClockLimit Silicon::clockLimit() const {
  ClockLimit limit{1000 / technology::shortestPeriodNs(point), "logic"};
  for (const auto &[memory, what] : {std::pair(scratchpadBank, "the scratchpad's banks"),
                                     std::pair(accumulatorBank, "the accumulators' banks"),
                                     std::pair(instructionBuffer, "the instruction buffer")}) {
    technology::SramShape fastest = memory;
    fastest.periodNs = 0; // the smallest parts
    if (const double mhz = 1000 / technology::sram(fastest).cycleNs; mhz < limit.mhz)
      limit = {mhz, what};
  }
  return limit;
}

} // namespace arsis::chip
