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
  struct Place {
    int64_t row, bank, group, rank; // of all of the channel; rows count in their bank
    bool operator==(const Place &other) const { return row == other.row && bank == other.bank; }
  };
  struct Command {
    double at;
    Place place;
    bool write;
  };
  struct Queued {
    int64_t burst;
    bool beginsPiece;
  };
  Place placeOf(int64_t burst) const {
    int64_t digit[5] = {};
    for (auto field = d.order.rbegin(); field != d.order.rend(); ++field) {
      const int64_t sizes[] = {std::numeric_limits<int64_t>::max(), d.ranks, d.banks / d.groups, d.groups,
                               d.rowBytes / d.burstBytes};
      digit[static_cast<int>(*field)] = burst % sizes[static_cast<int>(*field)];
      burst /= sizes[static_cast<int>(*field)];
    }
    const auto [row, rank, bank, group, column] = digit;
    const int64_t number = (rank * d.banks + bank * d.groups + group + (d.banksPermuted ? hashOf(row) : 0)) %
                           (d.banks * d.ranks);
    return {row, number, number / d.banks * d.groups + number % d.groups, number / d.banks};
  }
  bool isOpen(const Place &place) const {
    const auto found = opened.find(place.bank);
    return found != opened.end() && found->second.place == place;
  }

  double closedAt(int64_t bank) const {
    double close = opened.at(bank).at + d.ras;
    for (const Command &command : transfers)
      if (command.place.bank == bank)
        close = std::max(close, command.at + (command.write ? d.burstNs() + d.cwl + d.wr : d.rtp));
    return close + d.rp;
  }
  void close(int64_t bank, double at) {
    closed[bank] = at;
    opened.erase(bank);
  }
  /// Closes the row of a bank that nobody has used for too long at `time`.
  void timeOut(int64_t bank, double time) {
    if (d.policy != timing::PagePolicy::TimedOut || opened.count(bank) == 0)
      return;
    double used = 0;
    for (const Command &command : transfers)
      if (command.place.bank == bank)
        used = command.at + d.burstNs();
    if (time > used + d.pageTimeout)
      close(bank, std::max(used + d.pageTimeout + d.rp, closedAt(bank)));
  }
  /// Of pairs of distances, with one group the longer one.
  double shorter(double near, double far) const { return d.groups == 1 ? std::max(near, far) : far; }

  /// When the commands before let a read or a write go.
  double columnFrom(const Place &place, bool write) const {
    const double far = std::max(d.burstNs(), d.ccd), near = std::max(far, d.ccdLong);
    const double turn = d.burstNs() + d.cwl;
    double from = 0;
    for (const Command &each : transfers) {
      const bool sameGroup = each.place.group == place.group, sameRank = each.place.rank == place.rank;
      if (each.write == write && sameRank)
        from = std::max(from, each.at + (sameGroup ? near : shorter(near, far)));
      if (each.write && !write && sameRank)
        from = std::max(
            from, each.at + turn +
                      (sameGroup ? std::max(d.wtr, d.wtrLong) : shorter(std::max(d.wtr, d.wtrLong), d.wtr)));
    }
    if (transfers.empty() || transfers.back().place.rank == place.rank)
      return write && !writing() ? std::max(from, slotEnd + std::max(0.0, d.cl + d.rtw - d.cwl)) : from;
    const double gap = writing() == write ? d.rtrs
                       : write            ? d.cl + std::max(d.rtw, d.rtrs) - d.cwl
                                          : d.cwl + d.rtrs - d.cl;
    return std::max(from, slotEnd + std::max(0.0, gap));
  }
  double activateFrom(const Place &place, double from) const {
    int64_t inRank = 0;
    for (auto each = activations.rbegin(); each != activations.rend(); ++each) {
      if (each->place.bank == place.bank)
        from = std::max(from, each->at + std::max(d.rc, d.ras + d.rp));
      if (each->place.rank != place.rank)
        continue;
      const double near = std::max(d.rrd, d.rrdLong);
      from = std::max(from, each->at + (each->place.group == place.group ? near : shorter(near, d.rrd)));
      if (++inRank == 4)
        from = std::max(from, each->at + d.faw);
    }
    return from;
  }
  void refresh(double from) {
    for (; due <= from; due += d.refi) {
      const double starts = std::max(free, due);
      double begin = starts;
      for (int64_t bank = 0; bank < d.banks * d.ranks; ++bank) {
        timeOut(bank, starts);
        begin = std::max(begin, opened.count(bank) != 0 ? closedAt(bank) : closed[bank]);
      }
      free = refreshed = begin + d.rfc;
      opened.clear();
    }
  }

  double issue(int64_t burst, double arrival, bool write, bool beginsPiece) {
    const Place place = placeOf(burst);
    if (beginsPiece || !(placeOf(burst - 1) == place)) {
      if (d.policy == timing::PagePolicy::Closed && !transfers.empty() &&
          opened.count(transfers.back().place.bank) != 0)
        close(transfers.back().place.bank, closedAt(transfers.back().place.bank));
      if (d.rfc > 0)
        refresh(std::max(free, arrival));
      timeOut(place.bank, std::max(free, arrival));
    }
    if (!isOpen(place)) {
      double activate = std::max(arrival, refreshed);
      if (opened.count(place.bank) != 0)
        activate = std::max(activate + d.rp, closedAt(place.bank));
      activate = activateFrom(place, std::max(activate, closed[place.bank]));
      activations.push_back({activate, place, write});
      opened[place.bank] = activations.back();
    }
    const double at = std::max({free, arrival, opened[place.bank].at + d.rcd, columnFrom(place, write)});
    transfers.push_back({at, place, write});
    return slotEnd = free = at + d.burstNs();
  }
  bool writing() const { return !transfers.empty() && transfers.back().write; }

  void idle(double until) {
    bool first = true;
    while (draining && !queue.empty()) {
      const Queued next = queue.front();
      if (std::max({free, enough, columnFrom(placeOf(next.burst), true)}) >= until)
        return;
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
      if (pieces.empty() || each.beginsPiece || !(placeOf(each.burst) == placeOf(each.burst - 1)))
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
    const Piece *sent = nullptr; // the one before, whose row is served to its end
    for (const Piece &piece : pieces) {
      const Place place = placeOf(piece.first);
      if (d.policy != timing::PagePolicy::Closed &&
          (isOpen(place) || (sent && placeOf(sent->first) == place))) {
        send(piece);
        sent = &piece;
      } else {
        later.push_back(piece);
        sent = nullptr;
      }
    }
    for (const Piece piece : later)
      send(piece);
    batchEnds.push_back(free);
  }

  const timing::Dram d;
  double free = 0, slotEnd = 0, due, refreshed = 0, lastAccepted = 0;
  double enough = 0; // enough writes to begin without a whole batch, since
  bool draining = false;
  std::map<int64_t, Command> opened; // by bank: when, which row
  std::map<int64_t, double> closed;  // by bank: when the policy had closed it
  std::vector<Command> activations, transfers;
  std::vector<double> batchEnds;
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

void expectBurstsTakeWhatPiecesTake(int seed, bool all) {
  constexpr int kRounds = 300, kRequests = 120;
  std::mt19937 random(static_cast<unsigned>(seed));
  const Number number = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  for (int round = 0; round < kRounds; ++round) {
    const timing::Dram figures = someFigures(number, all);
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

TEST(DramBursts, OneByOneTakeWhatPiecesOfARowTake) { expectBurstsTakeWhatPiecesTake(17, false); }

TEST(DramBursts, OfGroupsRanksPagesAndOrdersToo) { expectBurstsTakeWhatPiecesTake(18, true); }

} // namespace
} // namespace arsis::sim::test
