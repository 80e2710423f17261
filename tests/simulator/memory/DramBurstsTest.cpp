// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The channels against a model that issues every burst by itself and holds each to all commands before it.
#include "tests/simulator/memory/DramTesting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <random>

namespace arsis::sim::test {
namespace {

/// Of a round: the finaliser of SplitMix64.
int64_t hashOf(int64_t round) {
  auto hash = static_cast<uint64_t>(round);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return static_cast<int64_t>((hash ^ (hash >> 31)) >> 32);
}

/// One channel; times in ns, addresses in bursts of its own. Commands are kept in lists, and each rule looks
/// through them.
class BurstByBurst {
public:
  explicit BurstByBurst(const timing::Dram &figures) : d(figures), due(d.refi) {}

  double read(int64_t first, int64_t end, double arrival) {
    idle(arrival);
    double last = 0;
    for (int64_t burst = first; burst < end; ++burst)
      last = issue(burst, arrival, false, burst == first);
    return last + d.controller + d.interconnect + d.phy + d.cl;
  }
  double write(int64_t first, int64_t end, double arrival) {
    idle(arrival);
    double last = arrival;
    for (int64_t burst = first; burst < end; ++burst) {
      const auto room = static_cast<size_t>(d.writeQueue / d.writeBatch);
      const double accepted =
          batchEnds.size() < room ? arrival : std::max(arrival, *(batchEnds.end() - room));
      last = std::max(last, accepted);
      lastAccepted = std::max(lastAccepted, accepted);
      queue.push_back({burst, queue.empty() || burst != queue.back().burst + 1});
      if (!draining && 2 * static_cast<int64_t>(queue.size()) >= d.writeBatch) {
        draining = true;
        enough = accepted;
      }
      if (static_cast<int64_t>(queue.size()) == d.writeBatch)
        batch(accepted);
    }
    return last + d.controller + d.interconnect;
  }
  double flush() {
    idle(std::numeric_limits<double>::infinity());
    if (!queue.empty())
      batch(lastAccepted);
    return free;
  }

private:
  struct Command {
    double at;
    int64_t row;
    bool write;
  };
  struct Queued {
    int64_t burst;
    bool beginsPiece;
  };
  int64_t rowOf(int64_t burst) const { return burst / (d.rowBytes / d.burstBytes); }
  int64_t bankOf(int64_t row) const {
    const int64_t turned = d.banksPermuted ? hashOf(row / d.banks) : 0;
    return (row % d.banks + turned) % d.banks;
  }
  bool isOpen(int64_t row) const {
    const auto found = opened.find(bankOf(row));
    return found != opened.end() && found->second.row == row;
  }

  double closedAt(int64_t bank) const {
    double close = opened.at(bank).at + d.ras;
    for (const Command &command : transfers)
      if (bankOf(command.row) == bank)
        close = std::max(close, command.at + (command.write ? d.burstNs() + d.cwl + d.wr : d.rtp));
    return close + d.rp;
  }
  /// When the bus can take a command of the other direction.
  double turned() const {
    return slotEnd + (writing() ? d.cwl + d.wtr : std::max(0.0, d.cl + d.rtw - d.cwl));
  }

  double issue(int64_t burst, double arrival, bool write, bool beginsPiece) {
    const int64_t row = rowOf(burst), bank = bankOf(row);
    if (d.rfc > 0 && (beginsPiece || rowOf(burst - 1) != row))
      for (const double from = std::max(free, arrival); due <= from; due += d.refi) {
        double begin = std::max(free, due);
        for (const auto &[each, command] : opened)
          begin = std::max(begin, closedAt(each));
        free = refreshed = begin + d.rfc;
        opened.clear();
      }
    if (!isOpen(row)) {
      double activate = std::max(arrival, refreshed);
      if (opened.count(bank) != 0)
        activate = std::max(activate + d.rp, closedAt(bank));
      for (size_t back : {1, 4})
        if (activations.size() >= back)
          activate = std::max(activate, *(activations.end() - back) + (back == 1 ? d.rrd : d.faw));
      activations.push_back(activate);
      opened[bank] = {activate, row, write};
    }
    double at = std::max({free, arrival, opened[bank].at + d.rcd});
    if (writing() != write)
      at = std::max(at, turned());
    transfers.push_back({at, row, write});
    return slotEnd = free = at + d.burstNs();
  }
  bool writing() const { return !transfers.empty() && transfers.back().write; }

  void idle(double until) {
    bool first = true;
    while (draining && !queue.empty()) {
      if (std::max({free, enough, writing() ? 0 : turned()}) >= until)
        return;
      const Queued next = queue.front();
      queue.pop_front();
      issue(next.burst, enough, true, first || next.beginsPiece);
      first = false;
    }
    draining = false;
  }
  void batch(double decided) {
    struct Piece {
      int64_t first, end;
    };
    std::vector<Piece> pieces;
    for (const Queued &each : queue)
      if (pieces.empty() || each.beginsPiece || rowOf(each.burst) != rowOf(each.burst - 1))
        pieces.push_back({each.burst, each.burst + 1});
      else
        ++pieces.back().end;
    queue.clear();
    draining = false;
    std::sort(pieces.begin(), pieces.end(), [](Piece a, Piece b) { return a.first < b.first; });
    std::vector<Piece> later;
    const auto send = [&](Piece piece) {
      for (int64_t burst = piece.first; burst < piece.end; ++burst)
        issue(burst, decided, true, burst == piece.first);
    };
    for (const Piece piece : pieces)
      isOpen(rowOf(piece.first)) ? send(piece) : later.push_back(piece);
    for (const Piece piece : later)
      send(piece);
    batchEnds.push_back(free);
  }

  const timing::Dram d;
  double free = 0, slotEnd = 0, due, refreshed = 0, lastAccepted = 0;
  double enough = 0; // enough writes to begin without a whole batch, since
  bool draining = false;
  std::map<int64_t, Command> opened; // by bank: when, which row
  std::vector<double> activations, batchEnds;
  std::vector<Command> transfers;
  std::deque<Queued> queue;
};

/// Each channel by itself; a request is through when its last channel is.
class SeveralChannels {
public:
  explicit SeveralChannels(const timing::Dram &figures)
      : perPiece(figures.interleaveBytes / figures.burstBytes), permuted(figures.channelsPermuted),
        channels(static_cast<size_t>(figures.channels), BurstByBurst(figures)) {}

  double read(int64_t first, int64_t end, double arrival) {
    return request(first, end, [&](BurstByBurst &channel, int64_t begin, int64_t behind) {
      return channel.read(begin, behind, arrival);
    });
  }
  double write(int64_t first, int64_t end, double arrival) {
    return request(first, end, [&](BurstByBurst &channel, int64_t begin, int64_t behind) {
      return channel.write(begin, behind, arrival);
    });
  }
  double flush() {
    double last = 0;
    for (BurstByBurst &channel : channels)
      last = std::max(last, channel.flush());
    return last;
  }

private:
  template <class Serve> double request(int64_t first, int64_t end, Serve serve) {
    std::vector<std::vector<int64_t>> bursts(channels.size());
    for (int64_t burst = first; burst < end; ++burst) {
      const int64_t piece = burst / perPiece, count = static_cast<int64_t>(channels.size());
      const int64_t turned = permuted ? piece / count % count + hashOf(piece / count / count) : 0;
      bursts[static_cast<size_t>((piece % count + turned) % count)].push_back(piece / count * perPiece +
                                                                              burst % perPiece);
    }
    double last = 0;
    for (size_t c = 0; c < channels.size(); ++c)
      if (!bursts[c].empty())
        last = std::max(last, serve(channels[c], bursts[c].front(), bursts[c].back() + 1));
    return last;
  }
  const int64_t perPiece;
  const bool permuted;
  std::vector<BurstByBurst> channels;
};

TEST(DramBursts, OneByOneTakeWhatPiecesOfARowTake) {
  constexpr int kRounds = 300, kRequests = 120;
  std::mt19937 random(17);
  const auto number = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  const auto time = [&](int64_t most) {
    return number(0, 2) == 0 ? 0.0 : static_cast<double>(number(0, most));
  };
  for (int round = 0; round < kRounds; ++round) {
    timing::Dram figures = plainDram();
    figures.channels = int64_t(1) << number(0, 2);
    figures.bandwidthGbps *= static_cast<double>(figures.channels);
    figures.interleaveBytes = 64 * number(1, 6);
    figures.banks = number(1, 9);
    figures.rowBytes = 64 * number(1, 20);
    figures.banksPermuted = number(0, 1) == 1;
    figures.channelsPermuted = number(0, 1) == 1;
    figures.writeBatch = number(1, 12);
    figures.writeQueue = figures.writeBatch * number(1, 3);
    figures.controller = time(20);
    figures.interconnect = time(20);
    figures.phy = time(20);
    for (double *each : {&figures.cl, &figures.cwl, &figures.rcd, &figures.rp, &figures.wr, &figures.rtp,
                         &figures.wtr, &figures.rtw, &figures.rrd})
      *each = time(40);
    figures.ras = figures.rcd + time(60);
    figures.faw = figures.rrd + time(200);
    figures.rfc = time(300);
    figures.refi = figures.rfc + static_cast<double>(number(1, 3000));
    TestedDram dram(figures);
    SeveralChannels bursts(figures);
    double now = 0;
    int64_t next[2] = {number(0, 400), number(0, 400)}; // where reads and writes go on
    for (int request = 0; request < kRequests; ++request) {
      now += number(0, 3) == 0 ? static_cast<double>(number(0, number(0, 9) == 0 ? 9000 : 400)) : 0;
      const bool write = number(0, 1) == 1;
      const int64_t first = number(0, 2) > 0 ? next[write] : number(0, 400), end = first + number(1, 24);
      next[write] = end;
      const auto address = static_cast<uint64_t>(64 * first);
      if (write)
        ASSERT_EQ(dram.write(address, 64 * (end - first), now), bursts.write(first, end, now))
            << "round " << round << ", request " << request;
      else
        ASSERT_EQ(dram.read(address, 64 * (end - first), now), bursts.read(first, end, now))
            << "round " << round << ", request " << request;
    }
    ASSERT_EQ(dram.flush(), bursts.flush()) << "round " << round;
  }
}

} // namespace
} // namespace arsis::sim::test
