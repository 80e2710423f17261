// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What loads and stores do to each other, in closed form: what waits for what, and that no work is lost.
#include "compiler/Schedule/Controller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace arsis::schedule {
namespace {

struct Bench {
  timing::Dma dma{chip::Chip::load("edge")};
  std::array<double, Controller::kNumbers> numbers{};
  InFlight flight;
  Controller dram{numbers.data(), flight, dma};
  const double batch = dma.batchCycles, rate = dma.dramBytesPerCycle;
  const double toWrite = dma.readToWriteCycles, toRead = dma.writeToReadCycles;

  /// For which all channels together are occupied for so many cycles.
  timing::Transfer transfer(double cycles, bool store) const {
    timing::Transfer t;
    t.store = store;
    t.dramBytes = t.sharedBytes = t.fullestBytes = cycles * rate;
    t.bytes = static_cast<int64_t>(t.dramBytes);
    return t; // no row of which is closed
  }
  double load(double cycles, double arrives, const timing::RowWaits &rows = {}) {
    return dram.load(transfer(cycles, false), arrives, cycles, rows, 0);
  }
  double store(double cycles, double arrives) { return dram.store(transfer(cycles, true), arrives, 0); }
};

TEST(Controller, ServesLoadsOneAfterTheOther) {
  Bench bench;
  EXPECT_DOUBLE_EQ(bench.load(40, 100), 140);
  EXPECT_DOUBLE_EQ(bench.load(30, 110), 170);
  EXPECT_DOUBLE_EQ(bench.load(30, 500), 530);
}

TEST(Controller, LoadsOfOneChannelWaitForEachOtherThoughOthersAreIdle) {
  Bench bench;
  timing::Transfer half = bench.transfer(40, false);
  half.sharedBytes /= 2;
  EXPECT_DOUBLE_EQ(bench.dram.load(half, 0, 40, {}, 0), 40);
  EXPECT_DOUBLE_EQ(bench.dram.load(half, 0, 40, {}, 0), 80);
}

TEST(Controller, TakesStoresAtOnceWhileTheQueueHoldsThem) {
  Bench bench;
  EXPECT_EQ(bench.store(bench.batch / 4, 10), 10);
  EXPECT_EQ(bench.store(bench.batch / 4, 11), 11);
}

TEST(Controller, TakesTheRestOfALongStoreAsTheQueueEmpties) {
  Bench bench;
  const double work = 10 * bench.batch;
  EXPECT_NEAR(bench.store(work, 0), bench.toWrite + work - bench.dma.queueCycles, 1e-6);
  EXPECT_NEAR(bench.dram.flushed(), work, bench.toWrite);
}

TEST(Controller, WritesHalfABatchWhileNoLoadIsThere) {
  Bench bench;
  bench.store(0.6 * bench.batch, 0);
  EXPECT_DOUBLE_EQ(bench.load(40, 10 * bench.batch), 10 * bench.batch + 40);
  EXPECT_DOUBLE_EQ(bench.dram.flushed(), 10 * bench.batch + 40);
}

TEST(Controller, KeepsLessThanHalfABatch) {
  Bench bench;
  bench.store(0.4 * bench.batch, 0);
  EXPECT_DOUBLE_EQ(bench.load(40, 10 * bench.batch), 10 * bench.batch + 40);
  EXPECT_DOUBLE_EQ(bench.dram.flushed(), 10 * bench.batch + 40 + bench.toWrite + 0.4 * bench.batch);
}

TEST(Controller, WritesAWholeBatchBeforeALoad) {
  Bench bench;
  bench.store(bench.batch, 1000);
  EXPECT_NEAR(bench.load(40, 1001), 1000 + bench.batch + bench.toRead + 40, 1e-6);
}

/// As the program has it, but the load is asked for long before the data of the stores are there.
TEST(Controller, LoadsDoNotWaitForStoresThatComeLater) {
  for (int stores : {1, 6, 40, 64, 65, 200}) {
    Bench bench;
    for (int i = 0; i < stores; ++i)
      bench.store(bench.batch / 2, 5000 + i * bench.batch);
    EXPECT_DOUBLE_EQ(bench.load(40, 10), 50) << stores;
  }
}

TEST(Controller, LongLoadsAndStoresShare) {
  Bench bench;
  const double work = 20 * bench.batch;
  bench.store(work, 10);
  const double end = bench.load(work, 0);
  EXPECT_GT(end, 1.7 * work);
  EXPECT_GE(bench.dram.flushed(), 2 * work);
}

/// In any order: nothing is served before it has come and taken its time, and no work is lost.
TEST(Controller, LosesNoWork) {
  std::mt19937 random(3);
  const auto uniform = [&](double most) { return std::uniform_real_distribution<>(0, most)(random); };
  for (int round = 0; round < 500; ++round) {
    Bench bench;
    double total = 0, now = 0;
    for (int i = 0; i < 60; ++i) {
      const double work = uniform(round % 2 ? 60 : 1500), arrives = std::max(0.0, now + uniform(400) - 200);
      total += work;
      now += uniform(300);
      if (random() % 2)
        EXPECT_GE(bench.load(work, arrives), arrives + work - 1e-6);
      else
        EXPECT_GE(bench.store(work, arrives), arrives);
    }
    EXPECT_GE(bench.dram.flushed(), total - 1e-6) << round;
    EXPECT_LE(bench.dram.flushed(), 1.2 * std::max(total, now + 200)) << round;
  }
}

TEST(Controller, PeriodsMoveEverything) {
  Bench bench;
  std::array<double, Controller::kNumbers> before{};
  double end = 0;
  for (int i = 0; i < 40; ++i) {
    if (i == 20)
      before = bench.numbers;
    end = bench.load(40, 100.0 * i);
    bench.store(30, 100.0 * i + 60);
  }
  const double flushed = bench.dram.flushed();
  const std::array<double, Controller::kNumbers> now = bench.numbers;
  bench.dram.advance(3, now.data(), before.data());
  EXPECT_NEAR(bench.dram.flushed(), flushed + 3 * 2000, bench.batch);
  EXPECT_NEAR(bench.load(40, 0), end + 3 * 2000 + 40, 3 * bench.toRead) << "behind the last load";
}

TEST(Controller, ABankHoldsUpTheNextLoad) {
  Bench bench;
  EXPECT_DOUBLE_EQ(bench.dram.load(bench.transfer(40, false), 0, 40, {}, 25), 40);
  EXPECT_DOUBLE_EQ(bench.load(40, 0), 105);
}

TEST(Controller, RowsOpenWhileALoadWaits) {
  const timing::RowWaits closed{1, 20, 1};
  Bench bench;
  const double miss = bench.dma.rowMissCycles;
  EXPECT_DOUBLE_EQ(bench.load(40, 100, closed), 100 + miss + 40 + 20) << "alone";
  EXPECT_DOUBLE_EQ(bench.load(40, 100, closed), 200 + miss) << "behind it, open since long";
  Bench half;
  EXPECT_DOUBLE_EQ(half.load(40, 0, {0.5, 0, 1}), miss / 2 + 40) << "every second one";
}

TEST(Controller, ATurnCostsTheRowsThatAreClosedByIt) {
  const auto turned = [](double opens, double rows) { // when a load behind a batch is there
    Bench bench;
    bench.load(40, 0);
    timing::Transfer store = bench.transfer(bench.batch, true);
    store.rowsVisited = rows;
    bench.dram.store(store, 1, opens);
    return bench.load(40, 2);
  };
  Bench bench;
  EXPECT_DOUBLE_EQ(turned(1, 0) - turned(0, 0), bench.dma.rowMissCycles / 2);
  EXPECT_DOUBLE_EQ(turned(0, 1) - turned(0, 0), bench.dma.conflictCycles / 8) << "one row, eight banks";
  EXPECT_DOUBLE_EQ(turned(0, 1000) - turned(0, 0), bench.dma.conflictCycles) << "in all banks";
}

TEST(Controller, SmallStoresMakeABatchWhateverTheirSumIsRoundedTo) {
  for (int parts : {2, 3, 7, 8, 10, 16}) {
    Bench bench;
    for (int i = 0; i < parts; ++i)
      bench.store(bench.batch / parts, 100);
    EXPECT_NEAR(bench.load(40, 101), 100 + bench.toWrite + bench.batch + bench.toRead + 40,
                bench.toWrite + 1e-3)
        << parts;
  }
}

TEST(OpenRows, OthersCloseARowOncePerBank) {
  const timing::Dma dma(chip::Chip::load("edge")); // eight banks
  timing::Transfer row;
  row.rowsVisited = 1;
  OpenRows rows;
  EXPECT_EQ(rows.closed(0, row, dma), 0) << "the first row is opened anyway";
  EXPECT_EQ(rows.closed(0, row, dma), 0) << "nobody came between";
  EXPECT_EQ(rows.closed(1, row, dma), 0);
  EXPECT_DOUBLE_EQ(rows.closed(0, row, dma), 1.0 / 8);
  EXPECT_EQ(rows.closed(2, row, dma), 0);
  EXPECT_DOUBLE_EQ(rows.closed(1, row, dma), 1 - 49.0 / 64) << "two others, in any two banks";
  row.rowsOpened = 1;
  EXPECT_EQ(rows.closed(0, row, dma), 0) << "a new row";
}

} // namespace
} // namespace arsis::schedule
