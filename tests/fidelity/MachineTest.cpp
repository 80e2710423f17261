// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine's matrix engine takes as many cycles as the model of every PE.
#include "tests/fidelity/Models.h"
#include "tests/fidelity/pe/Pes.h"
#include "tests/simulator/units/MatrixFolds.h"

#include <gtest/gtest.h>

namespace arsis::fidelity {
namespace {

int64_t onMachine(const Shape &shape, const Program &program) {
  std::vector<sim::test::Fold> folds;
  for (const Tile &tile : program.tiles)
    folds.push_back({tile.m, tile.k, tile.n, tile.loads});
  return sim::test::simulated(shape.rows, shape.columns, folds, 1, shape.latency, shape.banks);
}

TEST(MatrixEngine, TakesAsManyCyclesAsThePes) {
  std::mt19937 random(3);
  int compared = 0;
  for (const Shape &shape :
       {Shape{8, 8, 1}, {8, 3, 1}, {16, 6, 1}, {4, 8, 2}, {8, 8, 3}, {5, 7, 4}, {8, 4, 2, 1}})
    for (int i = 0; i < 60; ++i) {
      Program program = anyWeightStationary(shape, random);
      for (Tile &tile : program.tiles)
        tile.ahead = false; // a stream issues in order, so a load that waits holds up the product behind it
      // The front end decodes an instruction per cycle, and such a tile is two in one.
      if (std::any_of(program.tiles.begin(), program.tiles.end(),
                      [](const Tile &tile) { return tile.k == 1; }))
        continue;
      std::string what = std::to_string(shape.rows) + "x" + std::to_string(shape.columns) + " latency " +
                         std::to_string(shape.latency) + ", k n m:";
      for (const Tile &tile : program.tiles)
        what +=
            " (" + std::to_string(tile.k) + " " + std::to_string(tile.n) + " " + std::to_string(tile.m) + ")";
      const std::vector<Arrival> sums = simulatedWeightStationary(shape, program).sums;
      ASSERT_EQ(onMachine(shape, program), sums.back().cycle) << what;
      ++compared;
    }
  EXPECT_GT(compared, 250);
}

} // namespace
} // namespace arsis::fidelity
