// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The controller that chooses: every command it sends is legal by the standards' rules, written down once
// more and held against all commands before; and it chooses as first ready, first come first served says.
#include "simulator/memory/DramWindow.h"
#include "tests/simulator/memory/DramTesting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

namespace arsis::sim::test {
namespace {

constexpr auto act = DramCommand::Activate, pre = DramCommand::Precharge, rd = DramCommand::Read,
               wr = DramCommand::Write, ref = DramCommand::Refresh;
using Issued = DramWindow::Issued;

/// Why the commands break a rule; empty if they do not.
class Judge {
public:
  explicit Judge(const timing::Dram &figures) : d(figures) {}

  std::string of(std::vector<Issued> all) const {
    std::stable_sort(all.begin(), all.end(), [](const Issued &a, const Issued &b) { return a.at < b.at; });
    for (size_t k = 0; k < all.size(); ++k) {
      if (std::string wrong = state(all, k); !wrong.empty())
        return "command " + std::to_string(k) + ": " + wrong;
      int activations = 0;
      for (size_t j = k; j-- > 0;) {
        const double apart = static_cast<double>(all[k].at - all[j].at) / 1e6;
        if (apart + 1e-6 < distance(all[j], all[k]))
          return "command " + std::to_string(k) + " is " + std::to_string(apart) + " ns behind " +
                 std::to_string(j) + ", expected " + std::to_string(distance(all[j], all[k]));
        if (all[k].command == act && all[j].command == act && rank(all[j]) == rank(all[k]) &&
            ++activations == 4 && apart + 1e-6 < d.faw)
          return "tFAW at command " + std::to_string(k);
      }
    }
    return bus(all);
  }

private:
  int64_t rank(const Issued &c) const { return static_cast<int64_t>(c.bank) / d.banks; }
  int64_t group(const Issued &c) const {
    return rank(c) * d.groups + static_cast<int64_t>(c.bank) % d.groups;
  }
  static bool column(const Issued &c) { return c.command == rd || c.command == wr; }

  /// Commands meet rows in the state they need.
  std::string state(const std::vector<Issued> &all, size_t k) const {
    std::map<size_t, int64_t> open;
    for (size_t j = 0; j < k; ++j) {
      if (all[j].command == act)
        open[all[j].bank] = all[j].row;
      if (all[j].command == pre)
        open.erase(all[j].bank);
    }
    const auto found = open.find(all[k].bank);
    if (column(all[k]))
      return found != open.end() && found->second == all[k].row ? "" : "its row is not open";
    if (all[k].command == act)
      return found == open.end() ? "" : "opens a row of an open bank";
    if (all[k].command == pre)
      return found != open.end() ? "" : "closes a closed bank";
    for (const auto &[bank, row] : open)
      if (static_cast<int64_t>(bank) / d.banks == rank(all[k]))
        return "refreshes a rank with an open bank";
    return "";
  }

  /// The least distance of two commands, ns.
  double distance(const Issued &from, const Issued &to) const {
    const bool bank = from.bank == to.bank, sameGroup = group(from) == group(to),
               sameRank = rank(from) == rank(to);
    const auto is = [&](DramCommand a, DramCommand b) { return from.command == a && to.command == b; };
    const auto nearOrFar = [&](double near, double far) {
      return sameGroup || d.groups == 1 ? std::max(near, far) : far;
    };
    double least = 0;
    if (bank && from.command == act && column(to))
      least = std::max(least, d.rcd);
    if (bank && is(act, pre))
      least = std::max(least, d.ras);
    if (bank && is(act, act))
      least = std::max({least, d.rc, d.ras + d.rp});
    if ((bank && is(pre, act)) || (sameRank && is(pre, ref)))
      least = std::max(least, d.rp);
    if (bank && is(rd, pre))
      least = std::max(least, d.rtp);
    if (bank && is(wr, pre))
      least = std::max(least, d.cwl + d.burstNs() + d.wr);
    if (sameRank && (is(ref, act) || is(ref, ref)))
      least = std::max(least, d.rfc);
    if (sameRank && is(act, act))
      least = std::max(least, nearOrFar(d.rrdLong, d.rrd));
    if (sameRank && (is(rd, rd) || is(wr, wr)))
      least = std::max({least, nearOrFar(d.ccdLong, d.ccd), d.burstNs()});
    if (sameRank && is(wr, rd))
      least = std::max(least, d.cwl + d.burstNs() + nearOrFar(d.wtrLong, d.wtr));
    return least;
  }

  /// Data do not meet on the bus, and keep the gaps of turning it and of changing the rank.
  std::string bus(const std::vector<Issued> &all) const {
    const Issued *last = nullptr;
    double end = 0;
    for (const Issued &each : all) {
      if (!column(each))
        continue;
      const double begin = static_cast<double>(each.at) / 1e6 + (each.command == rd ? d.cl : d.cwl);
      double gap = 0;
      if (last && last->command == rd && each.command == wr)
        gap = d.rtw;
      if (last && rank(*last) != rank(each))
        gap = std::max(gap, d.rtrs);
      if (last && begin + 1e-6 < end + gap)
        return "data meet on the bus at " + std::to_string(begin);
      end = begin + d.burstNs();
      last = &each;
    }
    return "";
  }

  const timing::Dram d;
};

timing::Dram someFigures(const std::function<int64_t(int64_t, int64_t)> &number) {
  const auto time = [&](int64_t most) { return static_cast<double>(number(0, 3) > 0 ? number(0, most) : 0); };
  timing::Dram d = plainDram();
  d.ranks = number(1, 3);
  d.groups = number(1, 3);
  d.banks = d.groups * number(1, 3);
  d.banksPermuted = number(0, 1) == 1;
  d.readQueue = number(1, 12);
  d.writeBatch = number(1, 8);
  d.writeQueue = d.writeBatch * number(1, 3);
  d.scheduler = timing::DramScheduler::FrFcfs;
  d.policy = static_cast<timing::PagePolicy>(number(0, 2));
  d.pageTimeout = time(200);
  for (double *each : {&d.cl, &d.rcd, &d.rp, &d.wr, &d.rtp, &d.wtr, &d.wtrLong, &d.rrd, &d.rrdLong, &d.ccd,
                       &d.ccdLong, &d.rtw, &d.rtrs})
    *each = time(40);
  d.cwl = std::min(d.cl, time(20));
  d.ras = d.rcd + time(60);
  d.rc = time(150);
  d.faw = d.rrd + time(200);
  d.rfc = time(300);
  d.refi = d.rfc + 200 + static_cast<double>(number(1, 3000));
  return d;
}

TEST(DramWindow, SendsOnlyWhatTheStandardsAllow) {
  std::mt19937 random(5);
  const auto number = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  for (int round = 0; round < 150; ++round) {
    const timing::Dram figures = someFigures(number);
    DramWindow window(figures);
    std::vector<Issued> log;
    window.log = &log;
    Femtoseconds now = 0;
    constexpr int64_t kBursts = 150;
    int64_t next = number(0, 300), reads = 0;
    for (int64_t k = 0; k < kBursts; ++k) {
      now += number(0, 5) == 0 ? number(0, 600) * kFemtosecondsPerNanosecond : 0;
      next = number(0, 2) > 0 ? next + 1 : number(0, 300);
      const bool write = number(0, 2) == 0;
      reads += !write;
      window.advance(now);
      window.push(next, write, now, k);
    }
    window.flush();
    window.advance(kNever);
    const auto count = [&](DramCommand command) {
      return std::count_if(log.begin(), log.end(),
                           [&](const Issued &each) { return each.command == command; });
    };
    ASSERT_EQ(count(rd), reads) << "round " << round;
    ASSERT_EQ(count(wr), kBursts - reads) << "round " << round;
    ASSERT_EQ(window.done.size(), static_cast<size_t>(kBursts)) << "round " << round;
    ASSERT_EQ(count(act), window.openings);
    ASSERT_EQ(Judge(figures).of(log), "") << "round " << round;
  }
}

/// One channel of 10 ns bursts, two banks, rows of sixteen bursts, a window of four.
struct Chooses : testing::Test {
  timing::Dram figures = [] {
    timing::Dram d = plainDram();
    d.readQueue = 4;
    d.writeQueue = 8;
    d.writeBatch = 4;
    d.rcd = d.rp = 30;
    return d;
  }();
  static constexpr int64_t kRow = 16; // bursts; rows 0 and 2 share a bank

  std::vector<int64_t> orderOf(const std::vector<int64_t> &bursts) const {
    DramWindow window(figures);
    for (size_t k = 0; k < bursts.size(); ++k)
      window.push(bursts[k], false, 0, static_cast<int64_t>(k));
    window.advance(kNever);
    std::sort(window.done.begin(), window.done.end(), [](auto a, auto b) { return a.at < b.at; });
    std::vector<int64_t> order;
    for (const DramWindow::Done &each : window.done)
      order.push_back(each.tag);
    return order;
  }
};

TEST_F(Chooses, OpenRowsFirstThenTheOldest) {
  EXPECT_EQ(orderOf({0, 2 * kRow, 1, 2 * kRow + 1}), (std::vector<int64_t>{0, 2, 1, 3}));
}

TEST_F(Chooses, AmongWhatTheWindowHolds) { // the sixth one hits the first row, but is seen too late
  EXPECT_EQ(orderOf({0, 2 * kRow, 2 * kRow + 1, 2 * kRow + 2, 2 * kRow + 3, 1}),
            (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
}

TEST_F(Chooses, AWindowOfOneKeepsTheOrder) {
  figures.readQueue = 1;
  EXPECT_EQ(orderOf({0, 2 * kRow, 1}), (std::vector<int64_t>{0, 1, 2}));
}

TEST_F(Chooses, WhoWasPassedTooOftenGoesFirst) {
  std::vector<int64_t> bursts = {0, 2 * kRow}; // the second one waits for a row that is always hit
  for (int64_t k = 0; k < 100; ++k)
    bursts.push_back(k % kRow);
  const std::vector<int64_t> order = orderOf(bursts);
  const auto place = std::find(order.begin(), order.end(), 1) - order.begin();
  EXPECT_GE(place, 4 * 4);
  EXPECT_LE(place, 4 * 4 + 4);
}

TEST_F(Chooses, WritesGoInBatchesBeforeReads) {
  DramWindow window(figures);
  std::vector<Issued> log;
  window.log = &log;
  for (int64_t k = 0; k < 3; ++k)
    window.push(k, true, 0, k);
  for (int64_t k = 0; k < 3; ++k)
    window.push(4 + k, false, 0, 10 + k);
  EXPECT_EQ(window.done.size(), 3u); // the queue has the writes
  window.advance(60 * kFemtosecondsPerNanosecond);
  window.push(3, true, 60 * kFemtosecondsPerNanosecond, 3); // makes a batch
  window.push(8, false, 60 * kFemtosecondsPerNanosecond, 20);
  window.advance(kNever);
  std::string order;
  for (const Issued &each : log)
    order += each.command == rd ? "r" : each.command == wr ? "w" : "";
  EXPECT_EQ(order, "rrrwwwwr");
  EXPECT_EQ(window.batches, 1);
}

TEST_F(Chooses, HalfABatchGoesWhileNoReadIsThere) {
  DramWindow window(figures);
  window.push(0, true, 0, 0);
  EXPECT_EQ(window.next(), kNever); // a quarter does not
  window.push(1, true, 0, 1);
  EXPECT_EQ(window.next(), 0);
  window.advance(kNever);
  EXPECT_EQ(window.batches, 0);
  EXPECT_EQ(window.turnarounds, 1);
  EXPECT_EQ(window.next(), kNever);
}

TEST_F(Chooses, RanksAreRefreshedInTurn) {
  figures.ranks = 2;
  figures.rfc = 100;
  figures.refi = 1000;
  DramWindow window(figures);
  std::vector<Issued> log;
  window.log = &log;
  window.push(0, false, 0, 0);
  window.advance(2001 * kFemtosecondsPerNanosecond);
  std::vector<std::pair<size_t, Femtoseconds>> refreshes;
  for (const Issued &each : log)
    if (each.command == ref)
      refreshes.emplace_back(each.bank / 2, each.at / kFemtosecondsPerNanosecond);
  EXPECT_EQ(refreshes, (std::vector<std::pair<size_t, Femtoseconds>>{
                           {1, 500}, {0, 1030}, {1, 1500}, {0, 2000}})); // rank 0 closes its row first: tRP
}

// A controller that had nothing to do, and knew it, has to begin all the same.
TEST_F(Chooses, AFlushWritesWhatWaitedForAnotherWrite) {
  DramWindow window(figures);
  std::vector<Issued> log;
  window.log = &log;
  window.push(0, true, 0, 0);
  window.advance(1000 * kFemtosecondsPerNanosecond);
  EXPECT_EQ(window.next(), kNever);
  EXPECT_TRUE(log.empty());
  window.flush();
  window.advance(kNever);
  EXPECT_EQ(log.size(), 2u); // a row and a write
  EXPECT_GT(window.lastData(), 0);
}

} // namespace
} // namespace arsis::sim::test
