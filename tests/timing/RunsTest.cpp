// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs of a box against its elements one by one; granules and channels against a walk over every run.
#include "timing/Runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

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

TEST(Channels, ReachedAreThoseOfAWalk) {
  for (int64_t channels : {1, 2, 3, 8, 32})
    for (int64_t piece : {32, 64, 256})
      for (int64_t step = 1; step <= 40; ++step)
        for (int64_t pieces = 1; pieces <= std::min<int64_t>(step, 9); ++pieces) {
          Runs runs;
          runs.bytes = pieces * piece;
          runs.count = {1, 1, 1, 2 * channels};
          runs.pitch[3] = step * piece;
          std::set<int64_t> reached;
          for (int64_t i = 0; i < runs.count[3]; ++i)
            for (int64_t p = 0; p < pieces; ++p)
              reached.insert((i * step + p) % channels);
          EXPECT_EQ(channelsReached(runs, {channels, piece, 32}), static_cast<int64_t>(reached.size()))
              << channels << " channels, step " << step << ", pieces " << pieces;
        }
}

TEST(Channels, TwiceAsManyAreNeverReachedByFewer) {
  for (int64_t step = 1; step <= 64; ++step) {
    Runs runs;
    runs.bytes = 64;
    runs.count = {1, 1, 1, 1000};
    runs.pitch[3] = step * 64;
    for (int64_t channels : {1, 2, 3, 5, 8, 16, 24})
      EXPECT_LE(channelsReached(runs, {channels, 64, 32}), channelsReached(runs, {2 * channels, 64, 32}));
  }
}

} // namespace
} // namespace arsis::timing
