// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs of a box against its elements one by one; granules and channels against a walk over every run.
#include "timing/Runs.h"
#include "timing/Dram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

namespace arsis::timing {
namespace {

using Box = std::array<int64_t, 4>;

void forEachIndex(const Box &count, const std::function<void(const Box &)> &visit) {
  for (int64_t a = 0; a < count[0]; ++a)
    for (int64_t b = 0; b < count[1]; ++b)
      for (int64_t c = 0; c < count[2]; ++c)
        for (int64_t d = 0; d < count[3]; ++d)
          visit({a, b, c, d});
}

int64_t offset(const Box &index, const Box &pitch) {
  return index[0] * pitch[0] + index[1] * pitch[1] + index[2] * pitch[2] + index[3] * pitch[3];
}

/// What a line buffer of one granule leaves to fetch.
int64_t walk(const Runs &runs, int64_t address, int64_t granule) {
  int64_t touched = 0, buffered = -1;
  forEachIndex(runs.count, [&](const Box &index) {
    const int64_t begin = address + offset(index, runs.pitch);
    for (int64_t g = begin / granule; g <= (begin + runs.bytes - 1) / granule; ++g) {
      touched += g != buffered;
      buffered = g;
    }
  });
  return touched;
}

struct Random {
  std::mt19937 generator{11};
  int64_t operator()(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(generator);
  }
};

TEST(Runs, CoverABoxAndAreAsLongAsItsStridesAllow) {
  Random number;
  for (int round = 0; round < 500; ++round) {
    Box count, stride;
    int64_t next = number(1, 2);
    for (size_t d = 4; d-- > 0;) {
      count[d] = number(1, 5);
      stride[d] = next;
      next *= count[d] + (number(0, 2) == 0 ? number(1, 3) : 0);
    }
    const Runs runs = contiguousRuns(count, stride, 4);
    std::vector<int64_t> expected, found;
    forEachIndex(count, [&](const Box &index) {
      for (int64_t byte = 0; byte < 4; ++byte)
        expected.push_back(4 * offset(index, stride) + byte);
    });
    forEachIndex(runs.count, [&](const Box &index) {
      for (int64_t byte = 0; byte < runs.bytes; ++byte)
        found.push_back(offset(index, runs.pitch) + byte);
    });
    EXPECT_EQ(found, expected);
    int64_t breaks = 1; // in the sequence of bytes
    for (size_t i = 1; i < expected.size(); ++i)
      breaks += expected[i] != expected[i - 1] + 1;
    // Only a break that closes again further out (a row that ends where the next begins) may remain.
    EXPECT_GE(runs.runs(), breaks);
    EXPECT_EQ(runs.totalBytes(), static_cast<int64_t>(expected.size()));
  }
}

TEST(Runs, OfADenseBox) {
  EXPECT_EQ(runsOfBox({2, 8, 8, 16}, {2, 8, 8, 16}, 4).runs(), 1);
  EXPECT_EQ(runsOfBox({2, 8, 8, 16}, {9, 9, 9, 16}, 4).totalBytes(), 2 * 8 * 8 * 16 * 4);
  const Runs rows = runsOfBox({2, 8, 8, 16}, {1, 3, 8, 16}, 4);
  EXPECT_EQ(rows.runs(), 1);
  const Runs pixels = runsOfBox({2, 8, 8, 16}, {1, 3, 2, 16}, 4);
  EXPECT_EQ(pixels.runs(), 3);
  EXPECT_EQ(pixels.bytes, 2 * 16 * 4);
  EXPECT_EQ(pixels.pitch[3], 8 * 16 * 4);
  EXPECT_EQ(runsOfBox({2, 8, 8, 16}, {1, 0, 8, 16}, 4).runs(), 0);
}

TEST(Granules, AreThoseThatAWalkTouches) {
  Random number;
  for (int round = 0; round < 3000; ++round) {
    Runs runs;
    runs.bytes = number(1, 40);
    int64_t extent = runs.bytes;
    for (size_t d = 4; d-- > 0;) {
      runs.count[d] = number(1, 6);
      runs.pitch[d] = runs.count[d] > 1 ? extent + (number(0, 1) ? number(0, 70) : 0) : 0;
      if (number(0, 7) == 0) // overlapping, or one address again and again
        runs.pitch[d] = number(0, 9);
      extent += (runs.count[d] - 1) * runs.pitch[d];
    }
    const int64_t address = number(0, 1000);
    for (int64_t granule : {1, 4, 24, 32, 64, 512})
      ASSERT_EQ(granulesTouched(runs, address, granule), walk(runs, address, granule))
          << "round " << round << " granule " << granule;
  }
}

TEST(Granules, OfMoreRunsThanAnyoneWouldWalk) {
  Runs runs; // 2^40 runs of 4 B, 12 B apart: every burst of 64 B between the first and the last
  runs.bytes = 4;
  runs.count = {1, 1, 1, int64_t(1) << 40};
  runs.pitch[3] = 12;
  EXPECT_EQ(granulesTouched(runs, 0, 64), (((int64_t(1) << 40) - 1) * 12 + 4 + 63) / 64);
}

TEST(Granules, OfAlignedRunsAreRoundedUp) {
  for (int64_t columns : {1, 7, 8, 9, 100}) {
    const Runs runs = runsOfBox({1, 1, 64, 128}, {1, 1, 10, columns}, 4); // rows of 512 B
    EXPECT_EQ(granulesTouched(runs, 0, 32), 10 * ((columns * 4 + 31) / 32)) << columns;
  }
}

/// The bursts of each channel, one by one.
std::vector<int64_t> walkChannels(const Runs &runs, const Channels &dram, int64_t address) {
  std::vector<int64_t> load(static_cast<size_t>(dram.channels), 0);
  int64_t buffered = -1;
  forEachIndex(runs.count, [&](const Box &index) {
    const int64_t begin = address + offset(index, runs.pitch);
    for (int64_t b = begin / dram.burstBytes; b <= (begin + runs.bytes - 1) / dram.burstBytes; ++b) {
      if (b != buffered) {
        const int64_t piece = b * dram.burstBytes / dram.interleaveBytes, round = piece / dram.channels;
        const int64_t turned = dram.permuted ? turnOf(round, round / dram.channels) : 0;
        ++load[static_cast<size_t>((piece + turned) % dram.channels)];
      }
      buffered = b;
    }
  });
  return load;
}

Runs randomRuns(Random &number, int64_t mostBytes) {
  Runs runs;
  runs.bytes = number(1, mostBytes);
  int64_t extent = runs.bytes;
  for (size_t d = 4; d-- > 0;) {
    runs.count[d] = number(0, 1) ? number(1, 9) : 1;
    const int64_t gap = number(0, 2) == 0 ? number(0, 300) : 64 * number(0, 20);
    runs.pitch[d] = runs.count[d] > 1 ? extent + gap : 0;
    extent += (runs.count[d] - 1) * runs.pitch[d];
  }
  return runs;
}

Runs rows(int64_t count, int64_t bytes, int64_t pitch) {
  Runs runs;
  runs.count = {1, 1, 1, count};
  runs.pitch[3] = count > 1 ? pitch : 0;
  runs.bytes = bytes;
  return runs;
}

TEST(Channels, HaveTheBurstsOfAWalk) {
  Random number;
  for (int round = 0; round < 1000; ++round) {
    const Runs runs = randomRuns(number, round % 2 ? 40 : 900);
    const int64_t address = number(0, 5000);
    for (const Channels &dram : {Channels{1, 64, 64}, {2, 64, 32}, {3, 32, 32}, {8, 256, 64}, {32, 512, 32}})
      ASSERT_EQ(burstsOfChannels(runs, dram, address), walkChannels(runs, dram, address))
          << "round " << round << ", " << dram.channels << " channels";
  }
}

TEST(Channels, OfBoxesInSequenceHaveTheMeanOfAWalk) {
  Random number;
  for (int round = 0; round < 200; ++round) {
    Runs runs = randomRuns(number, 200);
    const Channels dram = round % 2 ? Channels{8, 64, 32} : Channels{6, 128, 64};
    const int64_t step = dram.interleaveBytes * number(0, 20);
    constexpr int64_t kBoxes = 24; // a multiple of every period
    std::vector<int64_t> together(static_cast<size_t>(dram.channels), 0);
    for (int64_t i = 0; i < kBoxes; ++i) {
      const std::vector<int64_t> one = walkChannels(runs, dram, i * step);
      for (size_t c = 0; c < one.size(); ++c)
        together[c] += one[c];
    }
    const ChannelLoad load = channelLoad(runs, dram, 0, step);
    EXPECT_DOUBLE_EQ(load.inSequence,
                     static_cast<double>(*std::max_element(together.begin(), together.end())) /
                         static_cast<double>(kBoxes));
    EXPECT_LE(load.inSequence, load.fullest);
    EXPECT_GE(load.inSequence * static_cast<double>(dram.channels), static_cast<double>(load.bursts));
  }
}

TEST(Channels, ASingleTileInOneChannelUsesTheNextOneNext) {
  Runs runs;
  runs.bytes = 64;
  runs.count = {1, 1, 1, 1};
  const ChannelLoad load = channelLoad(runs, {2, 64, 32}, 0, 64);
  EXPECT_EQ(load.fullest, 2);
  EXPECT_EQ(load.inSequence, 1);
  EXPECT_EQ(channelLoad(runs, {2, 64, 32}, 0, 128).inSequence, 2); // always the same one
}

TEST(Channels, ThatArePermutedHaveTheMeanOfManyAddresses) {
  Random number;
  for (const Channels &dram : {Channels{2, 64, 32, true}, {4, 256, 64, true}, {32, 512, 32, true}}) {
    double form = 0;
    for (int round = 0; round < 100; ++round) {
      const Runs runs = randomRuns(number, round % 2 ? 100 : 3000);
      constexpr int64_t kAddresses = 64;
      double fullest = 0, bursts = 0;
      for (int64_t i = 0; i < kAddresses; ++i) {
        const std::vector<int64_t> load = walkChannels(runs, dram, i * 1000 * dram.interleaveBytes);
        fullest += static_cast<double>(*std::max_element(load.begin(), load.end())) / kAddresses;
        bursts += static_cast<double>(std::accumulate(load.begin(), load.end(), int64_t(0))) / kAddresses;
      }
      const ChannelLoad load = channelLoad(runs, dram, 0, 0);
      EXPECT_NEAR(load.inSequence, bursts / static_cast<double>(dram.channels), 1e-6);
      EXPECT_GE(load.fullest, 0.6 * fullest);
      EXPECT_LE(load.fullest, 1.8 * fullest);
      form += load.fullest / fullest / 100;
    }
    EXPECT_NEAR(form, 1, 0.05) << dram.channels << " channels";
  }
}

TEST(Channels, ThatArePermutedAreReachedInTurnByNearPieces) {
  const Channels dram{8, 64, 64, true};
  for (int64_t apart = 1; apart <= 8; apart *= 2) {     // pieces
    const Runs runs = rows(64 / apart, 64, 64 * apart); // of one hash
    const ChannelLoad load = channelLoad(runs, dram, 0, 64);
    EXPECT_GE(load.fullest, load.inSequence) << apart;
    EXPECT_LE(load.fullest, load.inSequence + 1) << apart; // one that ends where a round begins
    EXPECT_EQ(load.byChance, 0) << apart;
    EXPECT_EQ(burstsOfChannels(runs, {8, 64, 64, false}, 0)[0], 8) << "all in few of them otherwise";
  }
  EXPECT_EQ(channelLoad(rows(64, 64, 64 * 64), dram, 0, 64).byChance, 1);
  const Runs lone = rows(1, 3 * 64, 0); // goes on behind the last one, or lies anywhere
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(channelLoad(lone, dram, 0, 192).byChance, 0);
    EXPECT_EQ(channelLoad(lone, dram, 0, 8 * 8 * 64).byChance, 1);
  }
}

/// Rows that a long row of boxes opens, `banks` banks with one open row each, per box.
double walkOpened(const Runs &runs, int64_t rowBytes, int64_t banks, bool permuted, int64_t step) {
  std::vector<int64_t> open(static_cast<size_t>(banks), -1);
  int64_t opened = 0;
  constexpr int64_t kWarm = 200, kBoxes = 2000;
  for (int64_t i = 0; i < kWarm + kBoxes; ++i)
    forEachIndex(runs.count, [&](const Box &index) {
      const int64_t begin = i * step + offset(index, runs.pitch);
      for (int64_t row = begin / rowBytes; row <= (begin + runs.bytes - 1) / rowBytes; ++row) {
        const int64_t turned = permuted ? hashOf(row / banks) : 0;
        int64_t &inBank = open[static_cast<size_t>((row + turned) % banks)];
        opened += i >= kWarm && inBank != row;
        inBank = row;
      }
    });
  return static_cast<double>(opened) / static_cast<double>(kBoxes);
}

TEST(Rows, OfPermutedRoundsAreClosedByChance) {
  constexpr int64_t kRow = 1024, kBanks = 8;
  for (int64_t count : {4, 8, 12, 20}) {
    double form = 0, walk = 0;
    for (int64_t pitch : {3000, 9000, 11000, 20000, 70000}) {
      form += rowsOpened(rows(count, 32, pitch), kRow, kBanks, true, 32);
      walk += walkOpened(rows(count, 32, pitch), kRow, kBanks, true, 32);
    }
    EXPECT_NEAR(form / walk, 1, 0.15) << count << " rows";
  }
}

TEST(Rows, OpenedAreThoseThatALongRowOfBoxesOpens) {
  constexpr int64_t kRow = 1024, kBanks = 8;
  const struct {
    Runs runs;
    int64_t step;
    double within;
  } cases[] = {
      {rows(1, 200, 0), 200, 0.01},    // a stream
      {rows(1, 5000, 0), 5000, 0.01},  // of long pieces
      {rows(1, 60, 0), 300, 0.01},     // with gaps
      {rows(1, 60, 0), 5100, 0.01},    // each in a row of its own
      {rows(6, 100, 250), 1500, 0.01}, // one box behind the other
      {rows(20, 100, 400), 8000, 0.1}, // over several rows
      {rows(6, 32, 1100), 32, 0.12},   // the next columns of the same rows
      {rows(12, 32, 1100), 32, 0.3},   // of more rows than there are banks
  };
  for (const auto &[runs, step, within] : cases)
    EXPECT_NEAR(rowsOpened(runs, kRow, kBanks, false, step), walkOpened(runs, kRow, kBanks, false, step),
                within)
        << runs.count[3] << " runs of " << runs.bytes << ", " << runs.pitch[3] << " apart, step " << step;
}

TEST(Rows, AreVisitedAsOftenAsAWalkChangesThemInTheMean) {
  Random number;
  for (int round = 0; round < 100; ++round) {
    const Runs runs = randomRuns(number, 300);
    constexpr int64_t kRow = 512;
    int64_t visits = 0;
    for (int64_t address = 0; address < kRow; ++address)
      visits += granulesTouched(runs, address, kRow);
    EXPECT_NEAR(meanRowVisits(runs, kRow), static_cast<double>(visits) / kRow, 1e-9) << "round " << round;
  }
}

} // namespace
} // namespace arsis::timing
