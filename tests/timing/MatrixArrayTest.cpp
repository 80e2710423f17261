// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The array's ports at the banks: figures by hand, and more of a resource is never slower. That loads, feeds
// and sums fit together is held by a model of every PE and by RTL (tests/fidelity).
#include "timing/MatrixArray.h"
#include "tests/timing/Any.h"

#include <gtest/gtest.h>

#include <functional>

namespace arsis::timing::test {
namespace {

constexpr auto kF32 = numerics::ElementType::F32;

Walk walk(const Axes &outer, const Axes &beat) { return {outer, beat, 4, 0}; }
Axes box(Axis outer, Axis inner) { return {Axis{}, Axis{}, outer, inner}; }
Axes line(int64_t count, int64_t stride) { return {Axis{}, Axis{}, Axis{}, Axis{count, stride}}; }

TEST(MatrixArray, PartialKLoadsWhatThereIs) {
  const MatrixArray array(16, 16, false, Banks(4, 64));
  EXPECT_EQ(array.load(walk(line(16, 64), line(16, 4)), kF32).cycles, 16);
  EXPECT_EQ(array.load(walk(line(3, 64), line(16, 4)), kF32).cycles, 3);
  EXPECT_EQ(array.feed(walk(line(50, 64), line(3, 4)), kF32).cycles, 50);
}

TEST(MatrixArray, PiecesOfKMeetInABank) {
  // K = 3 x 4 channels, image rows a round of the banks apart: three words of one bank for each row of M.
  const MatrixArray array(16, 16, false, Banks(4, 32));
  EXPECT_EQ(array.feed(walk(line(50, 128), box({3, 4 * 32}, {4, 4})), kF32).cycles, 150);
  EXPECT_EQ(array.feed(walk(line(50, 128), box({3, 5 * 32}, {4, 4})), kF32).cycles, 50)
      << "in neighbouring banks";
  EXPECT_EQ(array.feed(walk(line(50, 128), box({3, 16}, {4, 4})), kF32).words, 2 * 50) << "one piece of 48 B";
}

TEST(MatrixArray, RowsThatStraddleWordsAskForMore) {
  const MatrixArray array(8, 8, false, Banks(4, 32));
  // Rows of 24 B: of four, two straddle a boundary of 32 B.
  EXPECT_EQ(array.feed(walk(line(8, 24), line(6, 4)), kF32).words, 8 + 4);
  EXPECT_EQ(array.feed(walk(line(8, 24), line(6, 4)), kF32).cycles, 8) << "in two banks";
  EXPECT_EQ(MatrixArray(8, 8, false, Banks(1, 32)).feed(walk(line(8, 24), line(6, 4)), kF32).cycles, 12);
}

TEST(MatrixArray, TheTransposerIsTakenWhereItIsCheaper) {
  // 16 elements of K in one bank for each of 160 rows; along M they are contiguous.
  const Walk bad = walk(line(160, 4), line(16, 4096));
  EXPECT_EQ(MatrixArray(16, 16, false, Banks(4, 64)).feed(bad, kF32).cycles, 160 * 16);
  EXPECT_EQ(MatrixArray(16, 16, true, Banks(4, 64)).feed(bad, kF32).cycles, 160 + 16)
      << "after the first block";
  // One row of K: reading a block first would only take longer.
  const Walk mild = walk(line(160, 64), line(2, 256));
  EXPECT_EQ(MatrixArray(16, 16, false, Banks(4, 64)).feed(mild, kF32).cycles, 320);
  EXPECT_EQ(MatrixArray(16, 16, true, Banks(4, 64)).feed(mild, kF32).cycles, 168)
      << "two reads of 16 elements on 4 banks for each block of 16 rows";
  const Walk few = walk(line(3, 64), line(16, 256));
  EXPECT_EQ(MatrixArray(16, 16, true, Banks(4, 64)).feed(few, kF32).cycles, 16 + 3);
  const Walk weights = walk(line(16, 4), line(16, 4096));
  EXPECT_EQ(MatrixArray(16, 16, false, Banks(4, 64)).load(weights, kF32).cycles, 16 * 16);
  EXPECT_EQ(MatrixArray(16, 16, true, Banks(4, 64)).load(weights, kF32).cycles, 16 + 16);
}

TEST(MatrixArray, APassIsAProductOfItsOwn) {
  const chip::Chip chip = chip::Chip::load("tiny")
                              .withOverride("matrix.fp32_passes", 6)
                              .withOverride("matrix.bf16_passes", 1)
                              .withOverride("matrix.fp16_passes", 3);
  const MatrixArray array(chip), plain(chip::Chip::load("tiny"));
  const Walk rows = walk(line(50, 96), line(8, 4)), weights = walk(line(8, 96), line(8, 4));
  for (auto [type, passes] :
       {std::pair{kF32, 6}, {numerics::ElementType::BF16, 1}, {numerics::ElementType::F16, 3}}) {
    EXPECT_EQ(array.feed(rows, type).cycles, passes * plain.feed(rows, type).cycles);
    EXPECT_EQ(array.feed(rows, type).words, passes * plain.feed(rows, type).words);
    EXPECT_EQ(array.load(weights, type).cycles, passes * plain.load(weights, type).cycles);
    EXPECT_EQ(array.load(weights, type).words, passes * plain.load(weights, type).words);
  }
  EXPECT_EQ(array.feed(rows, kF32).cycles, 300);
}

Walk anyWalk(Any &any) {
  Walk walk;
  walk.start = 4 * any(0, 20);
  for (size_t d = 1; d < 4; ++d) {
    walk.outer[d] = {any(1, 9), 4 * any(-300, 300)};
    walk.beat[d] = {any(1, 4), 4 * any(-300, 300)};
  }
  if (any(0, 1))
    walk.beat[3].strideBytes = 4;
  return walk;
}

TEST(MatrixArray, MoreIsNeverSlower) {
  Any any(1);
  for (int i = 0; i < 1000; ++i) {
    const Walk walk = anyWalk(any);
    const int64_t rows = 64, banks = any(1, 20), width = int64_t(4) << any(0, 4);
    const MatrixArray plain(rows, rows, false, Banks(banks, width));
    const MatrixArray turning(rows, rows, true, Banks(banks, width));
    const MatrixArray more(rows, rows, true, Banks(2 * banks, width));
    const std::function<ArrayUse(const MatrixArray &)> ports[] = {
        [&](const MatrixArray &array) { return array.load(walk, kF32); },
        [&](const MatrixArray &array) { return array.feed(walk, kF32); },
        [&](const MatrixArray &array) { return array.drain(walk); }};
    for (const auto &port : ports) {
      EXPECT_LE(port(turning).cycles, port(plain).cycles) << i;
      EXPECT_LE(port(more).cycles, port(turning).cycles) << i;
      EXPECT_LE(port(turning).words, banks * port(turning).cycles) << i;
    }
  }
}

} // namespace
} // namespace arsis::timing::test
