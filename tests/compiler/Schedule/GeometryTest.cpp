// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Window arithmetic against the definition, position by position.
#include "compiler/Schedule/Geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

using namespace arsis::schedule;

namespace {

/// Calls `check` for every window of a small family.
template <typename Check> void forEachWindow(Check check) {
  for (int64_t kernel : {1, 2, 3, 5})
    for (int64_t stride : {1, 2, 3, 4, 14})
      for (int64_t dilation : {1, 2, 3})
        for (int64_t pad : {0, 1, 2})
          for (int64_t input : {1, 3, 5, 8, 13}) {
            Window window{input, 0, kernel, stride, dilation, pad};
            int64_t space = input + 2 * pad - window.reach();
            if (space < 0)
              continue;
            window.output = space / stride + 1;
            check(window);
          }
}

} // namespace

TEST(Geometry, DivisionRoundsTowardsTheNamedSide) {
  for (int64_t a = -9; a <= 9; ++a) {
    EXPECT_LE(floorDiv(a, 4) * 4, a);
    EXPECT_GT(floorDiv(a, 4) * 4 + 4, a);
    EXPECT_GE(ceilDiv(a, 4) * 4, a);
    EXPECT_LT(ceilDiv(a, 4) * 4 - 4, a);
  }
}

TEST(Geometry, InputTileHoldsEveryTap) {
  forEachWindow([](const Window &w) {
    for (int64_t outputs : {1, 2, 3}) {
      TileRange range = inputOfOutputTile(w, outputs);
      for (int64_t tile = 0; tile * outputs < w.output; ++tile) {
        int64_t first = tile * outputs * w.stride - w.padBefore;
        int64_t last = (tile * outputs + outputs - 1) * w.stride - w.padBefore + (w.kernel - 1) * w.dilation;
        EXPECT_EQ(range.base + range.step * tile, first);
        EXPECT_EQ(range.base + range.step * tile + range.extent - 1, last);
      }
    }
  });
}

TEST(Geometry, PhasesCoverEveryTapOfEveryInputOnce) {
  forEachWindow([](const Window &w) {
    std::vector<Phase> phases = phasesOf(w);
    ASSERT_EQ(int64_t(phases.size()), std::min(w.stride, w.input));
    for (int64_t inputs : {gradientMultiple(w), 2 * gradientMultiple(w)}) {
      TileRange range = gradientOfInputTile(w, gradientReach(phases), inputs);
      std::set<int64_t> owned;
      for (int64_t tile = 0; tile * inputs < w.input; ++tile)
        for (const Phase &phase : phases) {
          PhaseExtent extent = phaseExtent(w, phase, inputs);
          int64_t count =
              std::clamp<int64_t>(extent.limitBase + extent.limitStep * tile, 0, extent.positions);
          for (int64_t a = 0; a < count; ++a) {
            int64_t position = tile * inputs + phase.offset + w.stride * a;
            ASSERT_LT(position, w.input);
            EXPECT_TRUE(owned.insert(position).second);
            std::vector<std::pair<int64_t, int64_t>> expected, found; // (kernel index, gradient position)
            for (int64_t k = 0; k < w.kernel; ++k)
              if ((position + w.padBefore - k * w.dilation) % w.stride == 0)
                expected.push_back({k, (position + w.padBefore - k * w.dilation) / w.stride});
            for (int64_t t = 0; t < phase.taps; ++t) {
              int64_t gradient = ceilDiv(tile * inputs, w.stride) + a + phase.gradBase + t * phase.gradStep;
              found.push_back({phase.firstTap + t * phase.tapStep, gradient});
              EXPECT_GE(gradient, range.base + range.step * tile);
              EXPECT_LT(gradient, range.base + range.step * tile + range.extent);
            }
            EXPECT_EQ(found, expected);
          }
        }
      EXPECT_EQ(int64_t(owned.size()), w.input);
    }
  });
}

TEST(Geometry, PhasesDoNotGrowWithTheStride) {
  Window window{8, 1, 1, int64_t(1) << 40, 1, 0};
  EXPECT_EQ(phasesOf(window).size(), 8u);
}

TEST(Geometry, PoolGradientTileSeesEveryWindowThatTouchesIt) {
  forEachWindow([](const Window &w) {
    if (w.padBefore >= w.reach())
      return;
    for (int64_t inputs : {w.stride, 2 * w.stride, roundUp(w.input, w.stride)}) {
      PoolGradTile tile = poolGradTile(w, inputs);
      for (int64_t number = 0; number * inputs < w.input; ++number) {
        int64_t firstWindow = tile.windows.base + tile.windows.step * number;
        int64_t halo = tile.halo.base + tile.halo.step * number;
        EXPECT_EQ(halo + tile.ownedOffset, number * inputs);
        EXPECT_EQ(halo + tile.windowOffset, firstWindow * w.stride - w.padBefore);
        EXPECT_GE(tile.windowOffset, 0);
        EXPECT_LE(tile.windowOffset + w.inputExtent(tile.windows.extent), tile.halo.extent);
        EXPECT_LE(tile.ownedOffset + std::min(inputs, w.input), tile.halo.extent);
        for (int64_t o = 0; o < w.output; ++o)
          for (int64_t k = 0; k < w.kernel; ++k) {
            int64_t position = o * w.stride - w.padBefore + k * w.dilation;
            if (position < number * inputs || position >= std::min((number + 1) * inputs, w.input))
              continue;
            EXPECT_GE(o, firstWindow);
            EXPECT_LT(o, firstWindow + tile.windows.extent);
          }
      }
    }
  });
}

TEST(Geometry, WindowCountFollowsThePadding) {
  Window w{5, 3, 3, 2, 1, 1};
  EXPECT_EQ(windowCount(w, 0, 1, false), 2);
  EXPECT_EQ(windowCount(w, 0, 1, true), 3);
  EXPECT_EQ(windowCount(w, 1, 1, false), 3);
  EXPECT_EQ(windowCount(w, 2, 1, false), 2);
  Window ceil{6, 3, 3, 2, 1, 0}; // the last window reaches beyond the padded input
  EXPECT_EQ(windowCount(ceil, 2, 0, true), 2);
}

TEST(Geometry, TileSizesDescendFromTheWholeToOne) {
  EXPECT_EQ(tileSizes(1), std::vector<int64_t>({1}));
  EXPECT_EQ(tileSizes(5), std::vector<int64_t>({5, 3, 2, 1}));
  EXPECT_EQ(tileSizes(5, 2), std::vector<int64_t>({6, 4, 2}));
  for (int64_t extent : {1, 2, 7, 28, 100}) {
    std::vector<int64_t> sizes = tileSizes(extent);
    EXPECT_EQ(sizes.front(), extent);
    EXPECT_EQ(sizes.back(), 1);
    EXPECT_TRUE(std::is_sorted(sizes.rbegin(), sizes.rend()));
  }
}
