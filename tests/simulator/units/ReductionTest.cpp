// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions on the machine: the same bits whatever the lanes, and no faster than the order of the manual
// lets any number of lanes be.
#include "tests/ReductionOracle.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

/// Loads x, rows by columns, and sums over the rows, over the columns or over both.
std::shared_ptr<const isa::Program> sums(int64_t rows, int64_t columns, int mask) {
  const std::string r = std::to_string(rows), c = std::to_string(columns);
  const int64_t results = (mask & 4 ? 1 : rows) * (mask & 8 ? 1 : columns);
  const std::string n = std::to_string(results), bytes = std::to_string(4 * rows * columns);
  const std::string to = std::to_string(4 * rows * columns);
  return programOf(
      "arsis 1\ndram " + std::to_string(4 * (rows * columns + results)) + "\ntensor x input f32 [1, 1, " + r +
      ", " + c + "] at 0\ntensor y output f32 [1, 1, 1, " + n + "] at " + bytes +
      "\nlocation 0 layer l phase fwd op sum\ncounter c0 load 0\ncounter c1 vector 0\n"
      "stream load 0\n  load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, " +
      r + ", " + c + "], local=0, localStride=[0, 0, " + c +
      ", 1], localType=f32, fill=0 increment(c0)\nstream store 0\n  store tensor=y, coordinate=[0, 0, 0, "
      "0], box=[1, 1, 1, " +
      n + "], local=" + to +
      ", localStride=[0, 0, 0, 1], localType=f32 after(c1 >= 1)\nstream vector 0\n  reduce function=sum, "
      "count=[1, 1, " +
      r + ", " + c + "], reduceMask=" + std::to_string(mask) + ", destination=" + to +
      ", destinationStride=[0, 0, " + (mask & 8 ? "1" : c) + ", 1], a=0, aStride=[0, 0, " + c +
      ", 1], aType=f32, accumulate=0 after(c0 >= 1) increment(c1)\n");
}

TEST(Reduction, HasTheSameBitsOnAnyNumberOfLanes) {
  for (const auto &[rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {37, 6}, {6, 37}, {50, 21}})
    for (int mask : {4, 8, 12}) {
      const std::vector<float> x = ramp(static_cast<size_t>(rows * columns), 3);
      std::vector<float> expected;
      for (int64_t r = 0; r < (mask & 4 ? 1 : rows); ++r)
        for (int64_t c = 0; c < (mask & 8 ? 1 : columns); ++c) {
          std::vector<float> elements;
          for (int64_t i = r; i < (mask & 4 ? rows : r + 1); ++i)
            for (int64_t j = c; j < (mask & 8 ? columns : c + 1); ++j)
              elements.push_back(x[static_cast<size_t>(i * columns + j)]);
          expected.push_back(testing::reducedSum(elements));
        }
      for (double lanes : {1, 16, 1024}) {
        Session session(chipWith({{"vector.lanes", lanes}}), sums(rows, columns, mask));
        write(session, "x", x);
        session.run();
        EXPECT_EQ(read(session, "y"), expected)
            << rows << "x" << columns << " mask " << mask << " lanes " << lanes;
      }
    }
}

/// Cycles from the start of the reduction to its completion, without the start-up.
int64_t cyclesOf(int64_t rows, int64_t columns, int mask, double lanes) {
  const RunRecord record = timing(*sums(rows, columns, mask), chipWith({{"vector.lanes", lanes},
                                                                        {"vector.startup_cycles", 0},
                                                                        {"scratchpad.banks", 1024},
                                                                        {"scratchpad.kib", 4096}}));
  for (const TraceEntry &entry : record.tracer->instructions)
    if (record.units[static_cast<size_t>(entry.unit)].name.find("vector") == 0)
      return entry.end - entry.begin;
  throw Error("no vector instruction in the trace");
}

TEST(Reduction, TakesAtLeastItsWorkAndItsLongestChain) {
  EXPECT_GE(cyclesOf(4096, 64, 4, 1024), 64 * 4096 / 1024);
  EXPECT_GE(cyclesOf(4096, 1, 4, 1024), 4096 / 16);
  EXPECT_GE(cyclesOf(1, 4096, 8, 1024), 4096 / 16);
  for (int mask : {4, 8, 12}) {
    int64_t previous = cyclesOf(300, 70, mask, 1);
    for (double lanes : {2, 3, 16, 60, 64, 100, 512, 1024}) {
      const int64_t cycles = cyclesOf(300, 70, mask, lanes);
      EXPECT_LE(cycles, previous) << "mask " << mask << ", " << lanes << " lanes";
      previous = cycles;
    }
  }
}

} // namespace
} // namespace arsis::sim::test
