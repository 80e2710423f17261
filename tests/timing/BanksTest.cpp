// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bank use against the plain definition: the set of words under the elements' bytes, and the fullest bank.
#include "timing/Banks.h"
#include "tests/timing/Any.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace arsis::timing::test {
namespace {

/// The addresses of all steps over `axes`.
std::vector<int64_t> addresses(const Axes &axes, int64_t start) {
  std::vector<int64_t> all = {start};
  for (const Axis &axis : axes) {
    std::vector<int64_t> next;
    for (int64_t address : all)
      for (int64_t i = 0; i < axis.count; ++i)
        next.push_back(address + i * axis.strideBytes);
    all = next;
  }
  return all;
}

/// Byte by byte, far enough up that no address is negative.
std::set<int64_t> wordsOf(int64_t banks, int64_t width, const Axes &axes, int64_t size, int64_t start) {
  const int64_t up = banks * width * 1000000;
  std::set<int64_t> words;
  for (int64_t address : addresses(axes, start))
    for (int64_t byte = 0; byte < size; ++byte)
      words.insert((up + address + byte) / width);
  return words;
}

int64_t fullest(const std::map<int64_t, int64_t> &inBank) {
  int64_t most = 0;
  for (const auto &[bank, words] : inBank)
    most = std::max(most, words);
  return most;
}

BankUse plain(int64_t banks, int64_t width, int64_t n, int64_t stride, int64_t size, int64_t start) {
  std::map<int64_t, int64_t> inBank;
  const Axes axes = {Axis{}, Axis{}, Axis{}, Axis{n, stride}};
  const auto words = wordsOf(banks, width, axes, size, start);
  for (int64_t word : words)
    ++inBank[word % banks];
  return {fullest(inBank), static_cast<int64_t>(words.size())};
}

struct PlainUse {
  int64_t beats = 0, cycles = 0, words = 0, fullest = 0;
};

PlainUse plain(int64_t banks, int64_t width, const std::vector<Walk> &walks) {
  std::map<int64_t, int64_t> ofAll;
  PlainUse use;
  for (const Walk &walk : walks)
    for (int64_t start : addresses(walk.outer, walk.start)) {
      std::map<int64_t, int64_t> ofBeat;
      for (int64_t word : wordsOf(banks, width, walk.beat, walk.elementBytes, start)) {
        ++ofBeat[word % banks];
        ++ofAll[word % banks];
        ++use.words;
      }
      ++use.beats;
      use.cycles += fullest(ofBeat);
    }
  use.fullest = fullest(ofAll);
  return use;
}

/// A walk without a rest.
Beats alone(const Walk &walk) {
  Beats beats{walk, walk};
  beats.rest.outer[0].count = 0;
  return beats;
}

TEST(Banks, AnyStrideIsEnumerated) {
  Any any(1);
  for (int i = 0; i < 4000; ++i) {
    const int64_t banks = any(0, 3) == 0 ? any(1, 67) : int64_t(1) << any(0, 6);
    const int64_t width = any(0, 3) == 0 ? any(1, 70) : int64_t(1) << any(0, 6);
    const int64_t size = any(0, 1) ? 4 : 2, n = any(0, 4) == 0 ? 1 : any(0, 130), around = banks * width;
    int64_t stride = any(-3, 3) * around; // a multiple of all banks, or near one
    if (any(0, 1))
      stride += any(-2, 2) * size;
    if (any(0, 1))
      stride = any(-2 * around - 70, 2 * around + 70);
    const int64_t start = any(-80, 80);
    const BankUse expected = plain(banks, width, n, stride, size, start);
    const Banks form(banks, width);
    for (int again = 0; again < 2; ++again) { // computed, then remembered
      const BankUse use = form.use(n, stride, size, start);
      EXPECT_EQ(use.cycles, expected.cycles) << banks << " x " << width << " B, " << n << " x " << stride;
      EXPECT_EQ(use.words, expected.words) << banks << " x " << width << " B, " << n << " x " << stride;
      EXPECT_LE(use.words, banks * use.cycles);
    }
  }
}

TEST(Banks, AWalkIsEnumerated) {
  Any any(2);
  for (int i = 0; i < 600; ++i) {
    const int64_t banks = any(0, 3) == 0 ? any(1, 20) : int64_t(1) << any(0, 4);
    const int64_t width = any(0, 3) == 0 ? any(1, 20) : int64_t(1) << any(0, 5);
    Walk walk;
    walk.elementBytes = any(0, 2) ? 4 : 2;
    walk.start = any(-50, 50);
    const int64_t grain = any(0, 1) ? width : any(0, 1) ? walk.elementBytes : 1;
    for (Axes *axes : {&walk.outer, &walk.beat})
      for (Axis &axis : *axes)
        if (any(0, 1))
          axis = {any(i % 50 == 0 ? 0 : 1, 6), grain * any(-3 * banks, 3 * banks)};
    if (any(0, 1)) // long
      walk.outer[3].count = any(1, 90);
    if (any(0, 1)) { // rows that continue each other
      walk.beat[3] = {any(1, 9), walk.elementBytes};
      walk.beat[2].strideBytes = walk.beat[3].count * walk.beat[3].strideBytes;
    }
    const PlainUse expected = plain(banks, width, {walk});
    const Banks form(banks, width);
    for (int again = 0; again < 2; ++again) { // computed, then remembered
      const WalkUse use = form.walk(walk);
      if (expected.words == 0) { // an empty beat, or none
        EXPECT_EQ(use.beats, 0);
        continue;
      }
      EXPECT_EQ(use.beats, expected.beats) << i;
      EXPECT_EQ(use.cycles, expected.cycles) << i;
      EXPECT_EQ(use.words, expected.words) << i;
      EXPECT_EQ(form.fullest(alone(walk)), expected.fullest) << i;
      EXPECT_LE(use.words, banks * expected.fullest);
      EXPECT_LE(expected.fullest, use.cycles);
    }
  }
}

TEST(Banks, BeatsCoverABoxOnce) {
  Any any(5);
  for (int i = 0; i < 500; ++i) {
    Axes box;
    int64_t stride = 1; // dense, or with gaps, so that no two elements share an address
    for (size_t d = box.size(); d-- > 0;) {
      box[d] = {any(1, 7), stride};
      stride = box[d].count * stride + (any(0, 1) ? any(0, 3) : 0);
    }
    const int64_t n = any(1, 60);
    std::vector<int64_t> seen;
    const Beats beats = inBeats(box, n, 1, 100);
    for (const Walk &walk : {beats.whole, beats.rest}) {
      EXPECT_LE(addresses(walk.beat, 0).size(), static_cast<size_t>(n));
      for (int64_t start : addresses(walk.outer, walk.start))
        for (int64_t address : addresses(walk.beat, start))
          seen.push_back(address);
    }
    const int64_t banks = any(1, 9);
    EXPECT_EQ(Banks(banks, 4).fullest(beats), plain(banks, 4, {beats.whole, beats.rest}).fullest);
    std::sort(seen.begin(), seen.end());
    std::vector<int64_t> expected = addresses(box, 100);
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(seen, expected);
  }
}

TEST(Banks, MoreBanksNeverSlow) {
  // Each bank of B becomes k banks of k * B; nothing else is a law: a stride of 64 words, free on 63 banks,
  // meets in one of 64.
  Any any(3);
  for (int i = 0; i < 1000; ++i) {
    Walk walk;
    walk.outer[3] = {any(1, 40), any(-400, 400)};
    walk.beat[2] = {any(1, 5), any(-999, 999)};
    walk.beat[3] = {any(1, 20), any(-400, 400)};
    walk.start = any(0, 63);
    const int64_t banks = any(1, 9), width = any(1, 64);
    const Banks few(banks, width), more(banks * any(2, 4), width);
    EXPECT_LE(more.walk(walk).cycles, few.walk(walk).cycles);
    EXPECT_LE(more.fullest(alone(walk)), few.fullest(alone(walk)));
    EXPECT_EQ(more.walk(walk).words, few.walk(walk).words);
  }
  EXPECT_EQ(Banks(63, 4).use(16, 256, 4).cycles, 1);
  EXPECT_EQ(Banks(64, 4).use(16, 256, 4).cycles, 16);
}

TEST(Banks, WiderWordsNeverSlowRunsAndStridesOfWholeWords) {
  // Other strides may: words 0 and 9 lie apart on 4 banks, and meet in one once words pair up.
  Any any(4);
  for (int i = 0; i < 1000; ++i) {
    const int64_t banks = any(1, 40), width = int64_t(4) << any(0, 4), n = any(1, 200);
    const Banks narrow(banks, width), wide(banks, 2 * width);
    EXPECT_LE(wide.use(n, 4, 4).cycles, narrow.use(n, 4, 4).cycles);
    const int64_t stride = 2 * width * any(1, 2 * banks);
    EXPECT_LE(wide.use(n, stride, 4).cycles, narrow.use(n, stride, 4).cycles);
  }
  EXPECT_EQ(Banks(4, 32).use(2, 9 * 32, 4).cycles, 1);
  EXPECT_EQ(Banks(4, 64).use(2, 9 * 32, 4).cycles, 2);
}

TEST(Banks, APitchPaddedByOneElementStillConflicts) {
  const Banks banks(256, 32);
  EXPECT_EQ(banks.use(128, 8192, 4).cycles, 128) << "every element in bank 0";
  EXPECT_EQ(banks.use(128, 8192 + 4, 4).cycles, 8) << "eight elements go by before the next bank";
  EXPECT_EQ(banks.use(128, 8192 + 32, 4).cycles, 1) << "padded by one word";
  EXPECT_EQ(Banks(4, 64).use(16, 260, 4).cycles, 16)
      << "64 B later than a round of the banks after 16 elements";
}

TEST(Banks, AStartWithinAWordTouchesOneMore) {
  const Banks banks(4, 32);
  EXPECT_EQ(banks.use(6, 4, 4).words, 1);
  EXPECT_EQ(banks.use(6, 4, 4, 16).words, 2);
  EXPECT_EQ(banks.use(6, -4, 4, 20).words, 1) << "the same bytes, last element first";
}

TEST(Banks, OneElementAndNone) {
  const Banks banks(4, 32);
  EXPECT_EQ(banks.use(1, 1000, 4).cycles, 1);
  EXPECT_EQ(banks.use(100, 0, 4).words, 1) << "one word serves all";
  EXPECT_EQ(banks.use(0, 4, 4).cycles, 0);
  EXPECT_EQ(Banks(3, 1).use(1, 4, 4).words, 4) << "a word may be smaller than an element";
}

} // namespace
} // namespace arsis::timing::test
