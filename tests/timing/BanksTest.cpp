// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bank use against the plain definition: the set of words under the elements' bytes, and the fullest bank.
#include "timing/Banks.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace arsis::timing::test {
namespace {

constexpr int64_t kFar = int64_t(1) << 40; // whole words and whole rounds of the banks below all of a case

/// Byte by byte, from a start that keeps addresses positive.
BankUse plain(int64_t banks, int64_t width, int64_t n, int64_t stride, int64_t size, int64_t start) {
  std::set<int64_t> words;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t byte = 0; byte < size; ++byte)
      words.insert((kFar * banks * width + start + i * stride + byte) / width);
  std::map<int64_t, int64_t> inBank;
  BankUse use;
  for (int64_t word : words)
    use.cycles = std::max(use.cycles, ++inBank[word % banks]);
  use.words = static_cast<int64_t>(words.size());
  return use;
}

TEST(Banks, AnyStrideIsEnumerated) {
  std::mt19937 random(1);
  auto any = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
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
