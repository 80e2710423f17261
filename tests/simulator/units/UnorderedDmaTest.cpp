// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A machine whose DRAM answers in two phases, later and in any order: the same bits and bytes, books that
// add up, the rates of Little's law, and no answer before it is there.
#include "tests/simulator/Support.h"
#include "timing/Dma.h"

#include <gtest/gtest.h>

#include <map>

namespace arsis::sim::test {
namespace {

using Values = std::map<std::string, std::string>;

chip::Chip choosing(const std::string &name, const Values &more = {}) {
  Values values = {{"dram.scheduler", "fr_fcfs"}};
  for (const auto &[key, value] : more)
    values[key] = value;
  return chip::Chip::load(name).withOverrides(values);
}

std::vector<float> convolved(const chip::Chip &chip) {
  Session session(chip, convolution());
  uint32_t seed = 1;
  for (const isa::Tensor &tensor : session.program().tensors)
    if (isGiven(tensor))
      write(session, tensor.name, ramp(static_cast<size_t>(hostBytes(tensor) / 4), seed++));
  session.run();
  return read(session, "y");
}

TEST(UnorderedDma, GivesTheSameBits) {
  for (const char *name : {"tiny", "edge", "datacentre"})
    EXPECT_EQ(convolved(choosing(name)), convolved(chip::Chip::load(name))) << name;
}

TEST(UnorderedDma, MovesTheSameBytesAndItsBooksAddUp) {
  for (const char *name : {"tiny", "edge", "datacentre"}) {
    const RunRecord late = timing(*convolution(), choosing(name)),
                    inOrder = timing(*convolution(), chip::Chip::load(name));
    for (const UnitRecord &each : late.units) {
      EXPECT_EQ(each.account.busy() + each.account.stalled() + each.account.idle(), late.totalCycles);
      const UnitRecord &other = unit(inOrder, each.name);
      for (Event event : {Event::DramReadBytes, Event::DramWriteBytes}) {
        uint64_t bytes = 0, others = 0;
        for (size_t row = 0; row < each.events.rows.size(); ++row) {
          bytes += static_cast<uint64_t>(each.events.rows[row][event]);
          others += static_cast<uint64_t>(other.events.rows[row][event]);
        }
        EXPECT_EQ(bytes, others) << name << " " << each.name;
      }
    }
  }
}

/// GB/s of `n` contiguous loads of `bytes` each, at one cycle a ns.
double rateOf(const chip::Chip &chip, int64_t n, int64_t bytes) {
  const std::string columns = std::to_string(bytes / 4);
  const RunRecord record = timing(
      *programOf("arsis 1\ndram " + std::to_string(n * bytes) + "\ntensor x input f32 [1, 1, " +
                 std::to_string(n) + ", " + columns + "] at 0\nstream load 0\n  loop " + std::to_string(n) +
                 "\n    load tensor=x, coordinate=[0, 0, i0, 0], box=[1, 1, 1, " + columns +
                 "], local=0, localStride=[0, 0, " + columns + ", 1], localType=f32, fill=0\n  end_loop\n"),
      chip);
  return static_cast<double>(n * bytes) / static_cast<double>(record.totalCycles);
}

TEST(UnorderedDma, OfAConstantLatencyReachesTheLesserOfRateAndLittlesLaw) {
  for (int outstanding : {4, 16, 64, 256})
    for (int64_t bytes : {1024, 4096, 16384}) {
      Values values = {{"dma.outstanding_requests", std::to_string(outstanding)},
                       {"scratchpad.kib", "1024"},
                       {"dram.bandwidth_gbps", "100000"},
                       {"dram.row_bytes", "1048576"},
                       {"dram.controller_ns", "300"},
                       {"dram.read_queue", "4096"}};
      for (const char *time : {"interconnect", "phy", "trfc", "tcl", "tcwl", "trcd", "trp", "tras", "trrd",
                               "tfaw", "twr", "trtp", "twtr", "trtw"})
        values["dram." + std::string(time) + "_ns"] = "0";
      const double bound = std::min(16.0, outstanding * 64 / 300.0);
      EXPECT_NEAR(rateOf(choosing("edge", values), (1 << 21) / bytes, bytes) / bound, 1, 0.06)
          << outstanding << ", " << bytes;
    }
}

TEST(UnorderedDma, StreamsAtTheRateOfTheChannels) { // edge: refresh, and rows that hide behind each other
  const Values entries = {{"dma.outstanding_requests", "64"}};
  const double peak = 12.8 * timing::Dram(choosing("edge")).usable();
  const double reached = rateOf(choosing("edge", entries), 512, 4096);
  EXPECT_LE(reached, 1.02 * peak);
  EXPECT_GE(reached, 0.94 * peak);
}

TEST(UnorderedDma, ALoneLoadIsAnsweredWhenItIsThere) { // start-up, the row, the latency, bursts of a channel
  const chip::Chip chip = choosing("edge", {{"dram.trfc_ns", "0"}});
  const timing::Dram dram(chip);
  const double least = chip.real("dma.startup_cycles") + dram.rcd + dram.readLatencyNs() + dram.burstNs();
  const double cycles = 64 / rateOf(chip, 1, 64);
  EXPECT_GE(cycles, least);
  EXPECT_LE(cycles, least + dram.burstNs() + 16); // its second burst, issue and the bus
}

} // namespace
} // namespace arsis::sim::test
