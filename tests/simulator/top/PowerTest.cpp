// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Power over time: what ends a step is no peak, whether it is a window of a few cycles or rows that the DRAM
// opens for what was still queued.
#include "simulator/top/Report.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

constexpr auto kActivations = static_cast<size_t>(Event::DramActivations);

EventCounts reads(int64_t bytes) {
  EventCounts counts;
  counts[Event::DramReadBytes] = bytes;
  return counts;
}

/// At one cycle per ns: 1024 B over the first 512 cycles, 100 B from there to the end. Windows have four
/// cycles.
boost::json::object powerOf(Cycle total, const EnergyModel &energy) {
  RunRecord record;
  record.timed = true;
  record.totalCycles = total;
  record.totalNanoseconds = static_cast<double>(total);
  record.units.push_back({"load0", "load", {}, UnitEvents(0), 0});
  Tracer &windows = record.unitWindows.emplace_back(TraceOptions{}, 1);
  windows.events(reads(1024), 0, 512);
  windows.events(reads(100), 512, total);
  return powerJson(record, energy);
}

TEST(Power, ALastWindowShorterThanHalfOfTheOthersIsNoPeak) {
  const EnergyModel energy(chipWith({}));
  const double byte = energy.perEvent(Event::DramReadBytes);
  const boost::json::object one = powerOf(513, energy), half = powerOf(514, energy);
  ASSERT_EQ(one.at("window_cycles"), 4);
  EXPECT_NEAR(one.at("peak_mw").as_double(), energy.staticPower() + 2 * byte, 1e-9);
  EXPECT_EQ(one.at("peak_cycle"), 0);
  EXPECT_NEAR(half.at("peak_mw").as_double(), energy.staticPower() + 50 * byte, 1e-9);
  EXPECT_EQ(half.at("peak_cycle"), 512);
  EXPECT_NEAR(one.at("average_mw").as_double(), energy.staticPower() + 1124 * byte / 513, 1e-9);
}

TEST(Power, RowsOpenedForWhatIsStillQueuedTakeTheTimeOfTheFlush) {
  const std::shared_ptr<const isa::Program> program = programOf(
      "arsis 1\ndram 65536\ntensor x temporary f32 [1, 1, 16, 1024] at 0\nstream store 0\n  loop 16\n"
      "    store tensor=x, coordinate=[0, 0, i0, 0], box=[1, 1, 1, 16], local=0, "
      "localStride=[0, 0, 16, 1], localType=f32\n  end_loop\n");
  for (const std::string scheduler : {"in_order", "fr_fcfs"}) {
    const chip::Chip chip = chipWith({{"dram.trfc_ns", 0}}).withOverride("dram.scheduler", scheduler);
    const RunRecord record =
        runTimed(*program, chip, memorySizes(chip), nullptr, std::nullopt, std::nullopt, true);
    const Tracer &windows = record.unitWindows.at(0);
    ASSERT_EQ(windows.windowCycles, 1);
    EXPECT_EQ(static_cast<Cycle>(windows.windows.size()), record.totalCycles) << scheduler;
    double opened = 0;
    for (const Tracer::Window &window : windows.windows) {
      opened += window[kActivations];
      EXPECT_LT(window[kActivations], 2) << scheduler; // those of a bank lie tRC apart
    }
    for (const Statistic &entry : record.statistics.entries())
      if (entry.name == "dram.row_misses") {
        EXPECT_GT(entry.value, 2) << scheduler;
        EXPECT_NEAR(opened, entry.value, 1e-6) << scheduler;
      }
  }
}

} // namespace
} // namespace arsis::sim::test
