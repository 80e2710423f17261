// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Known points of DDR4-3200 (one channel, 64 B bursts): what a stream reaches by arithmetic on the standard's
// table, and what simulators of controllers report. Each says its queue depth, write batch and order of bits;
// ranks switch in two clocks (1.25 ns). Tolerances in percentage points of the peak.
#include "simulator/memory/DramTraffic.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

constexpr const char *kGroupsInterleaved = "row-rank-bank-column-group-channel",
                     *kRanksBelowBanks = "row-bank-rank-column-channel",
                     *kOneGroup = "row-group-rank-bank-column-channel"; // for 4 banks x 8 KiB x ranks

timing::Dram ddr4(const std::string &scheduler, int depth, const std::string &order, int ranks = 1) {
  return timing::Dram(chip::Chip::load("tiny").withOverrides({{"dram.preset", "DDR4_3200"},
                                                              {"dram.channels", "1"},
                                                              {"dram.scheduler", scheduler},
                                                              {"dram.read_queue", std::to_string(depth)},
                                                              {"dram.write_queue", "64"},
                                                              {"dram.write_batch", "32"},
                                                              {"dram.ranks", std::to_string(ranks)},
                                                              {"dram.order", order},
                                                              {"dram.bank_permutation", "0"}}));
}

/// Percent of the peak. Twice as many requests are in flight as the window holds.
double share(const timing::Dram &dram, DramPattern pattern) {
  pattern.requestBytes = 64;
  pattern.footprintBytes = pattern.footprintBytes ? pattern.footprintBytes : int64_t(1) << 30;
  pattern.requests = 60000;
  const DramResult result = runDram(dram, requestsOf(pattern), 2 * dram.readQueue);
  return 100 * result.gigabytesPerSecond() / dram.bandwidthGbps;
}

TEST(Ddr4At3200, ReadsOfOneBankGroupKeepTheLongDistance) {
  const timing::Dram dram = ddr4("in_order", 64, kOneGroup);
  const double expected = 100 * 2.5 / 5 * (1 - 360 / 7800.0); // nBL / nCCD_L x (1 - tRFC / tREFI)
  EXPECT_NEAR(expected, 47.7, 0.05);
  EXPECT_NEAR(share(dram, {}), expected, 2);
}

TEST(Ddr4At3200, SequentialReadsThatChangeTheGroupKeepTheBusBusy) {
  EXPECT_NEAR(share(ddr4("in_order", 64, kGroupsInterleaved), {}), 94, 3);
  EXPECT_NEAR(share(ddr4("fr_fcfs", 64, kGroupsInterleaved), {}), 94, 3);
}

TEST(Ddr4At3200, RandomReadsAreBoundByTheirActivations) { // tFAW: four rows of 64 B each in 21.25 ns
  DramPattern random;
  random.kind = DramPattern::Random;
  EXPECT_NEAR(share(ddr4("fr_fcfs", 64, kRanksBelowBanks), random), 43, 3);
}

TEST(Ddr4At3200, TwoRanksHaveTwiceTheActivations) {
  DramPattern random;
  random.kind = DramPattern::Random;
  const double reached = share(ddr4("fr_fcfs", 64, kRanksBelowBanks, 2), random);
  EXPECT_GE(reached, 80);
  EXPECT_LE(reached, 88);
}

TEST(Ddr4At3200, SequentialReadsAlongRowsFollowTheDepthOfTheWindow) {
  for (const auto &[depth, expected] : {std::pair(16, 53.0), std::pair(32, 61.0), std::pair(40, 67.0)})
    EXPECT_NEAR(share(ddr4("fr_fcfs", depth, kRanksBelowBanks), {}), expected, 3) << depth;
}

TEST(Ddr4At3200, TheShareOfAStreamIsWhatItReaches) { // timing::Dram::streamShare, which prices read
  for (const auto &[scheduler, order] :
       {std::pair("in_order", kOneGroup), std::pair("in_order", kGroupsInterleaved),
        std::pair("in_order", kRanksBelowBanks), std::pair("fr_fcfs", kGroupsInterleaved),
        std::pair("fr_fcfs", kRanksBelowBanks)})
    for (int depth : {16, 32, 40}) {
      const timing::Dram dram = ddr4(scheduler, depth, order);
      EXPECT_NEAR(share(dram, {}), 100 * dram.streamShare() * dram.usable(), 4)
          << scheduler << " " << order << " " << depth;
    }
}

} // namespace
} // namespace arsis::sim::test
