// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strided sets and the map of defined bytes against naive sets, on random small cases.
#include "dialects/Isa/Verifier/WrittenMap.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace arsis::isa {
namespace {

struct RandomBox {
  Box box;
  std::set<int64_t> bytes;
  Box::Dimensions dimensions;
  bool repeats = false; // whether two positions start at the same byte
};

RandomBox randomBox(std::mt19937 &generator, int64_t granule) {
  auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(generator);
  };
  Box::Dimensions dimensions;
  int64_t rank = pick(0, 4), low = 0;
  for (int64_t d = 0; d < rank; ++d) {
    dimensions.push_back({pick(1, 4), pick(-9, 9) * granule});
    low += std::min<int64_t>(0, (dimensions.back().count - 1) * dimensions.back().stride);
  }
  int64_t first = pick(0, 20) * granule - low;
  RandomBox result{Box(first, granule, dimensions), {}, dimensions};
  std::vector<int64_t> starts = {first};
  for (const Dimension &d : dimensions) {
    std::vector<int64_t> next;
    for (int64_t start : starts)
      for (int64_t i = 0; i < d.count; ++i)
        next.push_back(start + i * d.stride);
    starts = next;
  }
  result.repeats = std::set<int64_t>(starts.begin(), starts.end()).size() < starts.size();
  for (int64_t start : starts)
    for (int64_t b = 0; b < granule; ++b)
      result.bytes.insert(start + b);
  return result;
}

TEST(Box, HoldsExactlyItsBytes) {
  std::mt19937 generator(1);
  for (int round = 0; round < 5000; ++round) {
    RandomBox sample = randomBox(generator, round % 2 ? 4 : 2);
    std::set<int64_t> found;
    int64_t runs = 0;
    sample.box.forEachRun([&](ByteRange run) {
      for (int64_t b = run.begin; b < run.end; ++b)
        found.insert(b);
      return ++runs, true;
    });
    ASSERT_EQ(found, sample.bytes);
    ASSERT_EQ(runs, sample.box.runs());
    ASSERT_EQ(sample.box.hull().begin, *sample.bytes.begin());
    ASSERT_EQ(sample.box.hull().end, *sample.bytes.rbegin() + 1);
    for (int64_t b = -3; b < 200; b += 3) {
      auto at = sample.bytes.lower_bound(b);
      ASSERT_EQ(sample.box.intersects({b, b + 5}), at != sample.bytes.end() && *at < b + 5);
    }
  }
}

TEST(Box, OverlapAgreesWithSets) {
  std::mt19937 generator(2);
  int overlapping = 0;
  for (int round = 0; round < 5000; ++round) {
    RandomBox a = randomBox(generator, 2), b = randomBox(generator, 2);
    bool shared = false;
    for (int64_t byte : a.bytes)
      shared |= b.bytes.count(byte) > 0;
    ASSERT_EQ(overlap(a.box, b.box).has_value(), shared);
    overlapping += shared;
  }
  EXPECT_GT(overlapping, 500);
  EXPECT_LT(overlapping, 4500);
}

TEST(Box, VisitsTwiceAgreesWithSets) {
  std::mt19937 generator(3);
  int repeating = 0;
  for (int round = 0; round < 20000; ++round) {
    RandomBox sample = randomBox(generator, 2);
    ASSERT_EQ(visitsTwice(sample.dimensions), sample.repeats);
    repeating += sample.repeats;
  }
  EXPECT_GT(repeating, 2000);
  EXPECT_LT(repeating, 18000);
  EXPECT_FALSE(visitsTwice({{3, 2}, {2, 3}})); // interleaved, yet each offset once
  EXPECT_FALSE(visitsTwice({{1, 0}, {4, 1}}));
  EXPECT_TRUE(visitsTwice({{2, 0}, {4, 1}}));
}

TEST(Box, DenseTilesAndOverlappingWindowsAreOneRun) {
  EXPECT_TRUE(Box(64, 4, {{3, 128}, {8, 16}, {4, 4}}).isOneRun());
  EXPECT_EQ(Box(64, 4, {{3, 128}, {8, 16}, {4, 4}}).runBytes(), 3 * 128);
  // 3x3 windows with stride 2 over rows of 9 elements, of which the box reads all 9 in 9 rows.
  EXPECT_TRUE(Box(0, 4, {{4, 72}, {4, 8}, {3, 36}, {3, 4}}).isOneRun());
  // Rows with a gap stay apart, and windows over them do not multiply the runs.
  EXPECT_EQ(Box(0, 4, {{4, 80}, {4, 8}, {3, 40}, {3, 4}}).runs(), 9);
}

TEST(Box, InterleavedSetsAreToldApartAtOnce) {
  // Even and odd words of a gigabyte: 2^27 runs each, a thousand questions.
  const Box even(0, 4, {{int64_t(1) << 27, 8}});
  for (int i = 0; i < 1000; ++i)
    ASSERT_FALSE(overlap(even, Box(4 + 8 * i, 4, {{int64_t(1) << 27, 8}})));
  EXPECT_TRUE(overlap(even, Box(8, 4, {{int64_t(1) << 27, 8}})));
  EXPECT_TRUE(overlap(even, Box(4, 8, {{int64_t(1) << 26, 16}}))); // as long as the gap and one word more
}

TEST(Box, FarAddressesSaturate) {
  EXPECT_GT(Box(0, 4, {{int64_t(1) << 31, int64_t(1) << 33}}).hull().end, int64_t(1) << 50);
  EXPECT_LT(Box(0, 4, {{int64_t(1) << 31, -(int64_t(1) << 33)}}).hull().begin, -(int64_t(1) << 50));
}

TEST(WrittenMap, AgreesWithFlags) {
  std::mt19937 generator(3);
  constexpr int64_t kBytes = 40000;
  WrittenMap map(kBytes, 4);
  std::vector<bool> flags(kBytes / 4);
  auto pick = [&](int64_t high) { return std::uniform_int_distribution<int64_t>(0, high)(generator); };
  for (int round = 0; round < 4000; ++round) {
    int64_t begin = pick(kBytes / 4 - 1),
            end = std::min<int64_t>(kBytes / 4, begin + pick(round % 3 ? 100 : 9000));
    ByteRange range{begin * 4, end * 4};
    int64_t expected = end;
    for (int64_t i = begin; i < end && expected == end; ++i)
      expected = flags[size_t(i)] ? end : i;
    ASSERT_EQ(map.firstUndefined(range), expected * 4);
    bool value = pick(4) > 0;
    value ? map.set(range) : map.clear(range);
    std::fill(flags.begin() + begin, flags.begin() + end, value);
  }
}

} // namespace
} // namespace arsis::isa
