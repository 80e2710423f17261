// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// More of a resource is never slower, on programs of any kind.
#include "tests/fidelity/Models.h"

#include <gtest/gtest.h>

namespace arsis::fidelity {
namespace {

TEST(ArrayLaws, DeeperPesAreNeverFasterNorMoreBanksSlower) {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    const Shape shape = {1 + int(random() % 12), 1 + int(random() % 12), 1 + int(random() % 5),
                         1 + int(random() % 3)};
    Shape deeper = shape, banks = shape;
    ++deeper.latency;
    ++banks.banks;
    const Program weights = anyWeightStationary(shape, random), tiles = anyOutputStationary(shape, random);
    const Record is = modelledWeightStationary(shape, weights),
                 slow = modelledWeightStationary(deeper, weights);
    EXPECT_LT(is.sums.back().cycle, slow.sums.back().cycle) << i;
    EXPECT_LE(modelledWeightStationary(banks, weights).sums.back().cycle, is.sums.back().cycle) << i;
    EXPECT_EQ(modelledOutputStationary(deeper, tiles).sums.back().cycle,
              modelledOutputStationary(shape, tiles).sums.back().cycle + 1)
        << i;
  }
}

} // namespace
} // namespace arsis::fidelity
