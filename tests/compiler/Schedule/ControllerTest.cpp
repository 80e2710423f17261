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
  double load(double cycles, double arrives, double opens = 0) {
    return dram.load({cycles, cycles, opens, 0}, arrives);
  }
  double store(double cycles, double arrives, double pieces = 1, double step = 0) {
    return dram.store(transfer(cycles, true), arrives, 0, pieces, step);
  }
};

TEST(Controller, ServesLoadsOneAfterTheOther) {
  Bench bench;
  EXPECT_DOUBLE_EQ(bench.load(40, 100), 140);
  EXPECT_DOUBLE_EQ(bench.load(30, 110), 170);
  EXPECT_DOUBLE_EQ(bench.load(30, 500), 530);
}

TEST(Controller, LoadsOfOneChannelWaitForEachOtherThoughOthersAreIdle) {
  Bench bench;
  EXPECT_DOUBLE_EQ(bench.dram.load({20, 40, 0, 0}, 0), 40);
  EXPECT_DOUBLE_EQ(bench.dram.load({20, 40, 0, 0}, 0), 80);
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
  EXPECT_NEAR(bench.dram.flushed(), work + bench.toWrite, 1e-6);
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

TEST(Controller, ALongStoreComesInPiecesBetweenThoseOfALoad) {
  Bench bench;
  const double piece = bench.batch / 2;
  bench.store(20 * bench.batch, 10, 40, piece);
  double sent = 0, end = 0;
  for (int k = 0; k < 40; ++k, sent += piece)
    end = bench.load(piece, sent);
  EXPECT_GT(end, 1.4 * 20 * bench.batch);
  EXPECT_GE(bench.dram.flushed(), 2 * 20 * bench.batch);
}

/// The pieces in front of it are served, those behind it wait.
TEST(Controller, ABatchThatFillsUpDuringALoadHoldsUpWhatIsSentLater) {
  Bench bench;
  bench.store(bench.batch, 10, 2, 100); // complete at 110
  EXPECT_DOUBLE_EQ(bench.load(80, 0), 80);
  EXPECT_DOUBLE_EQ(bench.load(80, 20), 160);
  EXPECT_DOUBLE_EQ(bench.load(80, 60), 240);
  EXPECT_DOUBLE_EQ(bench.load(80, 120), 240 + bench.toWrite + bench.batch + bench.toRead + 80);
}

/// Two batches, one of which goes out.
TEST(Controller, AFullQueueTakesTheNextPieceWhenABatchIsOut) {
  Bench bench;
  bench.store(2 * bench.batch, 0);
  EXPECT_NEAR(bench.store(bench.batch, 0), bench.toWrite + bench.batch, 1e-6);
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
  EXPECT_DOUBLE_EQ(bench.dram.load({40, 40, 0, 25}, 0), 40);
  EXPECT_DOUBLE_EQ(bench.load(40, 0), 105);
}

TEST(Controller, RowsOpenWhileALoadWaits) {
  Bench bench;
  const double miss = bench.dma.rowMissCycles;
  EXPECT_DOUBLE_EQ(bench.load(40, 100, 1), 100 + miss + 40) << "alone";
  EXPECT_DOUBLE_EQ(bench.load(40, 100, 1), 180 + miss) << "behind it, open since";
  Bench half;
  EXPECT_DOUBLE_EQ(half.load(40, 0, 0.5), miss / 2 + 40) << "every second one";
}

TEST(Controller, ATurnCostsTheRowsThatAreClosedByIt) {
  const auto turned = [](double opens, double rows) { // when a load behind a batch is there
    Bench bench;
    bench.load(40, 0);
    timing::Transfer store = bench.transfer(bench.batch, true);
    store.rowsVisited = rows;
    bench.dram.store(store, 30, opens, 1, 0);
    return bench.load(40, 31);
  };
  Bench bench;
  EXPECT_DOUBLE_EQ(turned(1, 0) - turned(0, 0), 30 + bench.dma.rowMissCycles - 40 - bench.toWrite)
      << "asked for at 30, while the load is served until 40";
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

TEST(Table, HoldsSoManyRequests) {
  std::array<double, Table::kNumbers> numbers{};
  Table table(numbers.data(), 16);
  const auto freeFrom = [&] { return table.entries(1).free; };
  const auto issued = [&](double count, double sent, double trip) {
    return table.issued(count, sent, table.entries(count).last, trip);
  };
  EXPECT_EQ(freeFrom(), 0);
  table.put(10, 100, 190, false); // answered every ten cycles
  EXPECT_EQ(freeFrom(), 0) << "six are left";
  EXPECT_EQ(issued(6, 50, 30), 50);
  EXPECT_EQ(issued(8, 50, 30), 110) << "two of the others are back";
  table.put(6, 200, 250, false);
  for (double count :
       {0.5, 1.0, 6.0, 16.0, 16.5, 40.0}) // of the last part of a load there may be less than one
    EXPECT_EQ(table.entries(count).free, 100) << count;
  EXPECT_EQ(issued(16, 100, 30), 250);
  EXPECT_EQ(issued(40, 100, 50), 270) << "eight use an entry for the third time, from 170 on";
}

TEST(Table, ReachesBackOverAllPiecesOfATransfer) {
  std::array<double, Table::kNumbers> numbers{};
  Table table(numbers.data(), 128);
  for (int piece = 0; piece < 16; ++piece) // eight requests each, answered one per cycle
    table.put(8, 100 + 8 * piece, 107 + 8 * piece, piece > 0);
  EXPECT_EQ(table.entries(8).free, 100) << "all entries are in use";
  EXPECT_DOUBLE_EQ(table.entries(8).last, 107);
  table.put(8, 300, 307, false);
  EXPECT_DOUBLE_EQ(table.entries(8).last, 115) << "the first eight are forgotten";
}

TEST(Controller, RowsOfABankMakeABatchLonger) {
  const auto behindABatch = [](double waits) { // a load, whose turn comes behind it
    Bench bench;
    timing::Transfer store = bench.transfer(bench.batch, true);
    store.rowsVisited = store.rowsOpened = 4;
    store.bankWait = waits;
    bench.dram.store(store, 0, 0, 1, 0);
    return bench.load(40, 1);
  };
  EXPECT_NEAR(behindABatch(7) - behindABatch(0), 4 * 7, 1e-9);
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
