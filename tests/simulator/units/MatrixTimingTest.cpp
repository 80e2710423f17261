// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the array costs on the machine, in laws. That the machine takes what an array takes, cycle for cycle,
// is held in tests/fidelity.
#include "tests/simulator/units/MatrixFolds.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

TEST(Array, OfMorePesIsNeverSlowerForTheSameWork) {
  const std::vector<Fold> work = {{40, 7, 5}, {2, 1, 3}, {3, 8, 8}, {1, 2, 1}};
  const int64_t small = simulated(8, 8, work);
  for (const auto &[R, C] : std::vector<std::pair<int64_t, int64_t>>{{9, 8}, {8, 9}, {16, 16}, {64, 32}})
    EXPECT_LE(simulated(R, C, work), small) << R << "x" << C;
}

TEST(Array, PublishedSingleFold) {
  EXPECT_EQ(simulated(128, 128, {{128, 128}}), 509 + 1);
} // SCALE-Sim reports one less

TEST(Array, APassIsAProductOfItsOwn) {
  // The closed form with p times the rows and p times the weights, but one skew and one latency.
  const std::vector<Fold> folds = {{20, 8}, {3, 8}, {40, 8}};
  for (int64_t passes : {1, 3, 6}) {
    std::vector<Fold> repeated = folds;
    for (Fold &fold : repeated)
      fold.rows *= passes;
    const int64_t R = 8, C = 6;
    int64_t cycles = passes * R + repeated.back().rows + R + C - 2;
    for (size_t i = 0; i + 1 < repeated.size(); ++i)
      cycles += std::max(repeated[i].rows, passes * R);
    EXPECT_EQ(simulated(R, C, folds, passes), cycles);
  }
}

TEST(Array, DeeperPesAreSlower) {
  // A lone fold by (L - 1) R; reloads that are hidden at first are exposed in time.
  EXPECT_EQ(simulated(8, 6, {{20, 8}}, 1, 4) - simulated(8, 6, {{20, 8}}, 1, 1), 3 * 8);
  const std::vector<Fold> folds(6, {20, 8});
  int64_t before = 0;
  for (int64_t latency : {1, 2, 3, 4, 8}) {
    const int64_t cycles = simulated(8, 6, folds, 1, latency);
    EXPECT_GT(cycles, before);
    before = cycles;
  }
  EXPECT_EQ(simulated(8, 6, folds, 1, 2), 8 + 6 * 20 + 2 * 8 + 6 - 2) << "hidden: 20 rows >= 8 + 1 x 7";
  EXPECT_GT(simulated(8, 6, folds, 1, 3), 8 + 6 * 20 + 3 * 8 + 6 - 2) << "20 rows < 8 + 2 x 7";
}

TEST(Array, MoreColumnsNeedFewerFolds) {
  // The same work of 64 rows, K = 8, N = 16 on one array of 8x16 and on one of 8x8, which needs two folds.
  EXPECT_LT(simulated(8, 16, {{64, 8}}), simulated(8, 8, {{64, 8}, {64, 8}}));
}

} // namespace
} // namespace arsis::sim::test
