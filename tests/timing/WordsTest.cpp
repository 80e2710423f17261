// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Words of a box against its elements one by one, beat by beat.
#include "timing/Words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace arsis::timing {
namespace {

TEST(Words, AlignedRowsOpenWholeWords) {
  EXPECT_EQ(wordsOpened({{{1, 0}, {1, 0}, {3, 256}, {16, 4}}}, 4, 0, 0, 64), 3);
  EXPECT_EQ(wordsOpened({{{1, 0}, {1, 0}, {1, 0}, {16, 4}}}, 4, 4, 0, 64), 2);
}

TEST(Words, ElementsAWordApartOpenOneEach) {
  EXPECT_EQ(wordsOpened({{{1, 0}, {1, 0}, {1, 0}, {16, 64}}}, 4, 0, 0, 64), 16);
  EXPECT_EQ(wordsOpened({{{1, 0}, {1, 0}, {1, 0}, {16, 4}}}, 4, 0, 4, 64), 4); // a beat each
}

TEST(Words, AnEmptyBoxOpensNone) {
  EXPECT_EQ(wordsOpened({{{1, 0}, {0, 4}, {1, 0}, {16, 4}}}, 4, 0, 0, 64), 0);
  EXPECT_EQ(wordsOpened({{{1, 0}, {1, 0}, {1, 0}, {0, 4}}}, 4, 0, 0, 64), 0);
}

int64_t floorOf(int64_t byte, int64_t width) { return (byte - (byte % width + width) % width) / width; }

/// Beats of the innermost run of axes that continue each other, element by element.
int64_t walked(const Axes &box, int64_t elementBytes, int64_t start, int64_t beat, int64_t width) {
  std::vector<Axis> axes;
  for (const Axis &axis : box)
    if (axis.count > 1)
      axes.push_back(axis);
  while (axes.size() > 1 &&
         axes[axes.size() - 2].strideBytes == axes.back().strideBytes * axes.back().count) {
    axes[axes.size() - 2] = {axes[axes.size() - 2].count * axes.back().count, axes.back().strideBytes};
    axes.pop_back();
  }
  const Axis inner = axes.empty() ? Axis{1, elementBytes} : axes.back();
  if (!axes.empty())
    axes.pop_back();
  int64_t rows = 1, words = 0;
  for (const Axis &axis : axes)
    rows *= axis.count;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t rest = row, address = start;
    for (size_t d = axes.size(); d-- > 0;) {
      address += rest % axes[d].count * axes[d].strideBytes;
      rest /= axes[d].count;
    }
    for (int64_t from = 0; from < inner.count;) {
      const int64_t to = std::min(inner.count, beat > 0 ? from + beat : inner.count);
      const bool share = std::abs(inner.strideBytes) < width && inner.strideBytes != 0;
      std::set<int64_t> opened;
      for (int64_t i = from; i < to; ++i) {
        const int64_t first = address + i * inner.strideBytes;
        for (int64_t word = floorOf(first, width); word <= floorOf(first + elementBytes - 1, width); ++word)
          share ? (void)opened.insert(word) : (void)++words;
      }
      words += static_cast<int64_t>(opened.size());
      from = to;
    }
  }
  return words;
}

TEST(Words, AgreeWithAWalkOverTheElements) {
  std::mt19937 generator(3);
  const auto pick = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(generator);
  };
  for (int round = 0; round < 3000; ++round) {
    const int64_t element = pick(0, 1) ? 4 : 2, width = 4 * pick(1, 16);
    Axes box;
    for (Axis &axis : box)
      axis = {pick(1, 5), element * pick(-9, 40)};
    if (pick(0, 2) == 0)
      box[2].strideBytes = box[3].strideBytes * box[3].count;
    const int64_t start = element * (25000 * pick(-1, 1) + pick(0, 40)), beat = pick(0, 7);
    ASSERT_EQ(wordsOpened(box, element, start, beat, width), walked(box, element, start, beat, width))
        << "round " << round;
  }
}

} // namespace
} // namespace arsis::timing
