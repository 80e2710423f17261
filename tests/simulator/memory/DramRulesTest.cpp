// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each rule of the channels alone: a request that comes before the rule allows it is held until then, one
// that comes later is not.
#include "tests/simulator/memory/DramTesting.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

constexpr uint64_t kRow = 1024;

using Change = void (*)(timing::Dram &);
TestedDram dramWith(Change change) {
  timing::Dram figures = plainDram();
  change(figures);
  return TestedDram(figures);
}

/// `served` gives when a request is through that comes at some time. It must be held until `allowed`.
void expectHeldUntil(double allowed, double (*served)(double arrival)) {
  const double at = served(allowed);
  EXPECT_EQ(served(allowed - 1), at);
  EXPECT_EQ(served(allowed + 1), at + 1);
}

TEST(DramRules, ARowOpensBeforeItIsRead) { // tRCD, tCL
  TestedDram dram = dramWith([](timing::Dram &d) { d.rcd = 30, d.cl = 5; });
  EXPECT_EQ(dram.read(0, 64, 0), 30 + 10 + 5);
  EXPECT_EQ(dram.read(64, 64, 1000), 1000 + 10 + 5);
  EXPECT_EQ(dram.model.rowMisses, 1);
  EXPECT_EQ(dram.model.rowHits, 1);
}

TEST(DramRules, ARowClosesBeforeAnotherOpens) { // tRP
  TestedDram dram = dramWith([](timing::Dram &d) { d.rp = 20; });
  dram.read(0, 64, 0);
  EXPECT_EQ(dram.read(2 * kRow, 64, 1000), 1000 + 20 + 10);
  EXPECT_EQ(dram.read(kRow, 64, 2000), 2000 + 10); // nothing to close in that bank
}

TEST(DramRules, TheOpeningOfARowHidesBehindTransfersOfOtherBanks) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.rcd = 30; });
  EXPECT_EQ(dram.read(0, 2 * kRow, 0), 30 + 320);
}

TEST(DramRules, ARowStaysOpen) { // tRAS
  expectHeldUntil(70, [](double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) { d.ras = 70, d.rp = 20; });
    dram.read(0, 64, 0);
    return dram.read(2 * kRow, 64, arrival);
  });
}

TEST(DramRules, AReadKeepsItsRow) { // tRTP, from the last of ten bursts
  expectHeldUntil(90 + 45, [](double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) { d.rtp = 45; });
    dram.read(0, 640, 0);
    return dram.read(2 * kRow, 64, arrival);
  });
}

TEST(DramRules, AWriteKeepsItsRow) { // tCWL + tWR behind the last slot
  expectHeldUntil(20 + 7 + 45, [](double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) { d.cl = d.cwl = 7, d.wr = 45, d.writeBatch = 2; });
    dram.write(0, 128, 0);
    return dram.read(2 * kRow, 64, arrival);
  });
}

TEST(DramRules, RowsOpenOneAfterTheOther) { // tRRD
  expectHeldUntil(25, [](double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) { d.rrd = d.faw = 25; });
    dram.read(0, 64, 0);
    return dram.read(kRow, 64, arrival);
  });
}

TEST(DramRules, FourRowsOpenInAWindow) { // tFAW
  expectHeldUntil(300, [](double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) { d.faw = 300, d.banks = 8; });
    for (uint64_t row = 0; row < 4; ++row)
      dram.read(row * kRow, 64, 0);
    return dram.read(4 * kRow, 64, arrival);
  });
}

TEST(DramRules, RowsOfABankOpenInACycle) { // tRC
  expectHeldUntil(300, [](double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) { d.rc = 300, d.ras = 70; });
    dram.read(0, 64, 0);
    return dram.read(2 * kRow, 64, arrival);
  });
}

/// Two ranks of two groups of two banks, whose rows follow each other in this order: group, bank, rank.
TestedDram ranksWith(Change change) {
  timing::Dram figures = plainDram();
  figures.ranks = figures.groups = 2;
  figures.banks = 4;
  change(figures);
  return TestedDram(figures);
}
constexpr uint64_t kOtherGroup = kRow, kSameGroup = 2 * kRow, kOtherRank = 4 * kRow;

TEST(DramRules, ReadsOfAGroupKeepTheLongerDistance) { // tCCD_L: a read every 25 ns
  TestedDram dram = ranksWith([](timing::Dram &d) { d.ccdLong = 25; });
  EXPECT_EQ(dram.read(0, 4 * 64, 0), 3 * 25 + 10);
  EXPECT_EQ(dram.read(kOtherGroup, 64, 0), 3 * 25 + 2 * 10);      // the bus is free
  EXPECT_EQ(dram.read(kSameGroup, 64, 0), 3 * 25 + 25 + 10);      // 25 behind the fourth
  EXPECT_EQ(dram.read(kOtherGroup, 64, 0), 3 * 25 + 25 + 2 * 10); // 25 behind its own, long ago
}

TEST(DramRules, ReadsOfARankKeepTheShorterDistance) { // tCCD_S
  TestedDram dram = ranksWith([](timing::Dram &d) { d.ccd = 15; });
  EXPECT_EQ(dram.read(0, 64, 0), 10);
  EXPECT_EQ(dram.read(kOtherGroup, 64, 0), 15 + 10);
  EXPECT_EQ(dram.read(kOtherRank, 64, 0), 15 + 2 * 10); // the bus alone
}

TEST(DramRules, OneGroupHasTheLongerDistanceOnly) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.ccd = 15, d.ccdLong = 25; });
  dram.read(0, 64, 0);
  EXPECT_EQ(dram.read(kRow, 64, 0), 25 + 10);
}

TEST(DramRules, TheBusWaitsBetweenRanks) { // tRTRS
  TestedDram dram = ranksWith([](timing::Dram &d) { d.rtrs = 4; });
  dram.read(0, 64, 0);
  EXPECT_EQ(dram.read(kOtherRank, 64, 0), 10 + 4 + 10);
  EXPECT_EQ(dram.read(kOtherRank + 64, 64, 0), 10 + 4 + 2 * 10);
}

TEST(DramRules, RowsOfAGroupOpenOneAfterTheOther) { // tRRD_L, tRRD_S
  for (const auto &[row, allowed] :
       {std::pair(kSameGroup, 40), std::pair(kOtherGroup, 25), std::pair(kOtherRank, 0)})
    for (double arrival : {allowed - 1, allowed, allowed + 1}) {
      TestedDram dram = ranksWith([](timing::Dram &d) { d.rrd = d.faw = 25, d.rrdLong = 40, d.rcd = 50; });
      dram.read(0, 64, 0);
      EXPECT_EQ(dram.read(row, 64, std::max(0.0, arrival)),
                std::max({arrival + 50, allowed + 50.0, 60.0}) + 10);
    }
}

TEST(DramRules, AWindowOfFourIsOfARank) { // tFAW
  TestedDram dram = ranksWith([](timing::Dram &d) { d.faw = 300; });
  for (uint64_t row = 0; row < 4; ++row)
    dram.read(row * kRow, 64, 0);
  EXPECT_EQ(dram.read(kOtherRank, 64, 100), 100 + 10);
  EXPECT_EQ(dram.read(8 * kRow, 64, 299), 300 + 10);
}

TEST(DramRules, ReadsBehindAWriteOfTheirGroupWaitLonger) { // tWTR_L, tWTR_S
  const auto served = [](uint64_t row, double arrival) {
    TestedDram dram = ranksWith(
        [](timing::Dram &d) { d.cl = d.cwl = 6, d.wtr = 15, d.wtrLong = 30, d.rtrs = 4, d.writeBatch = 2; });
    dram.write(0, 128, 0); // slots until 20
    return dram.read(row, 64, arrival) - 6 - 10;
  };
  for (const auto &[row, allowed] : {std::pair(kSameGroup, 20 + 6 + 30), std::pair(kOtherGroup, 20 + 6 + 15),
                                     std::pair(kOtherRank, 20 + 4)}) {
    EXPECT_EQ(served(row, allowed - 1), allowed) << row;
    EXPECT_EQ(served(row, allowed), allowed) << row;
    EXPECT_EQ(served(row, allowed + 1), allowed + 1) << row;
  }
}

TEST(DramRules, AClosedPageIsClosedBehindItsRequest) {
  const auto served = [](uint64_t row, double arrival) {
    TestedDram dram = dramWith(
        [](timing::Dram &d) { d.policy = timing::PagePolicy::Closed, d.rcd = 30, d.rp = 20, d.rtp = 15; });
    dram.read(0, 64, 0); // its slot is at 30, its row closed at 30 + 15 + 20
    return dram.read(row, 64, arrival);
  };
  for (uint64_t row : {uint64_t(0), 2 * kRow}) { // its own row as well
    EXPECT_EQ(served(row, 64), 65 + 30 + 10);
    EXPECT_EQ(served(row, 65), 65 + 30 + 10);
    EXPECT_EQ(served(row, 66), 66 + 30 + 10); // nothing is left to close
  }
}

TEST(DramRules, APageTimesOut) {
  const auto served = [](uint64_t row, double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) {
      d.policy = timing::PagePolicy::TimedOut, d.pageTimeout = 100, d.rcd = 30, d.rp = 20;
    });
    dram.read(0, 64, 0); // used until 40
    return dram.read(row, 64, arrival);
  };
  EXPECT_EQ(served(0, 140), 140 + 10);                  // still open
  EXPECT_EQ(served(0, 141), 160 + 30 + 10);             // being closed
  EXPECT_EQ(served(2 * kRow, 140), 140 + 20 + 30 + 10); // closed for it
  EXPECT_EQ(served(2 * kRow, 165), 165 + 30 + 10);      // closed already
}

TEST(DramRules, TheBusTurnsToReads) { // tCWL + tWTR
  expectHeldUntil(20 + 6 + 15, [](double arrival) {
    TestedDram dram = dramWith([](timing::Dram &d) { d.cl = d.cwl = 6, d.wtr = 15, d.writeBatch = 2; });
    dram.write(0, 128, 0);
    return dram.read(512, 64, arrival);
  });
}

TEST(DramRules, TheBusTurnsToWrites) { // tCL + the gap - tCWL
  TestedDram dram = dramWith([](timing::Dram &d) { d.cwl = 6, d.cl = 16, d.rtw = 5, d.writeBatch = 2; });
  dram.read(0, 64, 0);
  dram.write(512, 128, 0);
  EXPECT_EQ(dram.flush(), 10 + 15 + 20);
  EXPECT_EQ(dram.model.turnarounds, 1);
}

TEST(DramRules, ARefreshTakesTheChannelAndItsRows) { // tRFC, tREFI
  const auto fresh = [] { return dramWith([](timing::Dram &d) { d.rfc = 200, d.refi = 1000, d.rcd = 30; }); };
  TestedDram before = fresh(), due = fresh(), late = fresh();
  before.read(0, 64, 0);
  EXPECT_EQ(before.read(64, 64, 999), 999 + 10);
  due.read(0, 64, 0);
  EXPECT_EQ(due.read(64, 64, 1000), 1000 + 200 + 30 + 10);
  EXPECT_EQ(due.model.rowMisses, 2);
  late.read(0, 64, 0); // the third one is nearly over
  EXPECT_EQ(late.read(64, 64, 3190), 3200 + 30 + 10);
  EXPECT_EQ(late.model.refreshes, 3);
}

TEST(DramRules, ARefreshWaitsForRowsToClose) { // tRTP + tRP, and tRAS
  TestedDram dram = dramWith([](timing::Dram &d) { d.rfc = 200, d.refi = 1000, d.rtp = 30, d.rp = 20; });
  dram.read(0, 64, 980); // its slot is at 980
  EXPECT_EQ(dram.read(64, 64, 1000), 980 + 30 + 20 + 200 + 10);
  TestedDram open = dramWith([](timing::Dram &d) { d.rfc = 200, d.refi = 1000, d.ras = 90, d.rp = 20; });
  open.read(0, 64, 980);
  EXPECT_EQ(open.read(64, 64, 1000), 980 + 90 + 20 + 200 + 10);
}

TEST(DramRules, ARefreshTurnsTheBusMeanwhile) {
  TestedDram dram =
      dramWith([](timing::Dram &d) { d.rfc = 200, d.refi = 1000, d.wtr = 50, d.writeBatch = 1; });
  dram.write(0, 64, 980);
  EXPECT_EQ(dram.read(64, 64, 1000), 1000 + 200 + 10);
}

TEST(DramRules, ARefreshWaitsForTheEndOfARow) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.rfc = 200, d.refi = 1000; });
  EXPECT_EQ(dram.read(0, kRow, 900), 900 + 160);
  EXPECT_EQ(dram.read(kRow, 64, 900), 1060 + 200 + 10);
}

TEST(DramRules, RefreshTakesItsShareOfALongStream) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.rfc = 350, d.refi = 3900; });
  double end = 0;
  for (uint64_t row = 0; row < 2000; ++row)
    end = dram.read(row * kRow, kRow, 0);
  EXPECT_NEAR(2000 * 160 / end, 1 - 350 / 3900.0, 0.002); // each waits for a row
}

TEST(DramWrites, AreAnsweredFromTheQueue) {
  TestedDram dram = dramWith([](timing::Dram &d) {
    d.controller = 3, d.interconnect = 4, d.phy = 100, d.cl = 50, d.writeQueue = 8, d.writeBatch = 4;
  });
  EXPECT_EQ(dram.write(0, 64, 10), 10 + 7);
  EXPECT_EQ(dram.model.busy(), 0);
}

TEST(DramWrites, WaitForRoomInTheQueue) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.writeQueue = 4, d.writeBatch = 2; });
  EXPECT_EQ(dram.write(0, 4 * 64, 0), 0); // two batches, which take until 20 and 40 ns
  EXPECT_EQ(dram.write(4 * 64, 64, 0), 20);
  EXPECT_EQ(dram.write(5 * 64, 2 * 64, 0), 40);
}

TEST(DramWrites, AreInTheDramAfterTheyCame) {
  for (int64_t bursts : {1, 3, 4}) { // less than half a batch, more, all of it
    TestedDram dram = dramWith([](timing::Dram &d) { d.writeQueue = 8, d.writeBatch = 4, d.rcd = 30; });
    dram.read(512, 64, 0);
    dram.write(0, 64 * bursts, 1000);
    EXPECT_EQ(dram.flush(), 1000 + 10 * static_cast<double>(bursts)); // their row is open
  }
}

TEST(DramWrites, GoBeforeReadsWhenABatchIsComplete) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.writeQueue = 8, d.writeBatch = 4; });
  dram.write(0, 64, 0);
  EXPECT_EQ(dram.read(512, 64, 0), 10); // one of them waits
  dram.write(64, 3 * 64, 0);
  EXPECT_EQ(dram.read(576, 64, 0), 10 + 40 + 10);
}

TEST(DramWrites, UseTheTimeWithoutReads) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.writeQueue = 8, d.writeBatch = 4; });
  dram.write(0, 2 * 64, 0);                  // half a batch
  EXPECT_EQ(dram.read(512, 64, 5), 10 + 10); // what has begun ends
  EXPECT_EQ(dram.read(576, 64, 1000), 1010); // the other one had gone long before
  EXPECT_EQ(dram.flush(), 1010);
}

TEST(DramWrites, OfABatchGoRowByRow) {
  TestedDram dram = dramWith([](timing::Dram &d) { d.writeQueue = 8, d.writeBatch = 4; });
  for (uint64_t k = 0; k < 2; ++k) { // two rows of one bank in turn
    dram.write(64 * k, 64, 0);
    dram.write(2 * kRow + 64 * k, 64, 0);
  }
  EXPECT_EQ(dram.model.rowMisses, 2);
}

TEST(DramBanks, EachRoundOfRowsVisitsAllBanks) {
  for (bool permuted : {false, true}) {
    timing::Dram figures = plainDram();
    figures.banks = 8;
    figures.banksPermuted = permuted;
    TestedDram dram(figures);
    for (uint64_t round = 0; round < 64; ++round) {
      for (int twice = 0; twice < 2; ++twice)
        for (uint64_t row = 0; row < 8; ++row)
          dram.read((8 * round + row) * kRow, 64, 0);
      EXPECT_EQ(dram.model.rowMisses, 8 * (static_cast<int64_t>(round) + 1)) << round;
    }
  }
}

TEST(DramBanks, PermutedMeetAtNoDistanceAllAlong) {
  const auto misses = [](int64_t banks, int64_t distance, bool permuted) { // of two streams, by rows
    timing::Dram figures = plainDram();
    figures.banks = banks;
    figures.banksPermuted = permuted;
    TestedDram dram(figures);
    for (int64_t row = 0; row < 512; ++row)
      for (int64_t burst = 0; burst < 4; ++burst)
        for (int64_t stream : {int64_t(0), distance})
          dram.read(static_cast<uint64_t>(row + stream) * kRow + static_cast<uint64_t>(64 * burst), 64, 0);
    return dram.model.rowMisses;
  };
  constexpr int64_t kAll = 2 * 512 * 4, kNone = 2 * 512; // accesses; one of each row
  for (int64_t banks : {7, 8, 16}) {
    int64_t count = 0, sum = 0;
    for (int64_t distance = 512; distance < 1100; distance += distance % 5 + 1, ++count) {
      const int64_t often = misses(banks, distance, true) - kNone;
      EXPECT_LE(often, 3 * (kAll - kNone) / 10) << banks << ", " << distance;
      sum += often;
      if (distance % banks == 0)
        EXPECT_EQ(misses(banks, distance, false), kAll);
    }
    EXPECT_NEAR(static_cast<double>(sum) / static_cast<double>(count * (kAll - kNone)),
                1 / static_cast<double>(banks), 0.03);
  }
}

} // namespace
} // namespace arsis::sim::test
