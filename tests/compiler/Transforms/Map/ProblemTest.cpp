// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search: what it picks fits, pins hold, and what cannot fit is explained.
#include "compiler/Transforms/Map/GradWeightProblem.h"
#include "compiler/Transforms/Map/PoolProblem.h"
#include "compiler/Transforms/Map/VectorProblem.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <gtest/gtest.h>

using namespace arsis::compiler;

namespace {

ConvShape convolution(int64_t size, int64_t kernel, int64_t stride, int64_t channels, int64_t outputs) {
  Window window{size, (size + 2 * (kernel / 2) - kernel) / stride + 1, kernel, stride, 1, kernel / 2};
  return {4, window, window, channels, outputs};
}

Machine tiny() {
  Machine machine;
  machine.rows = machine.cols = 8;
  machine.accumulatorRows = 256;
  machine.scratchpadBytes = 32 * 1024;
  return machine;
}

int64_t field(const MappingProblem &problem, const Solution &solution, const std::string &name) {
  std::vector<Field> fields = problem.fields();
  for (size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == name)
      return solution.choice[i];
  ADD_FAILURE() << "no field " << name;
  return 0;
}

} // namespace

TEST(MappingProblem, EveryPassFitsTheTinyMachine) {
  for (int64_t channels : {1, 3, 20, 64, 512})
    for (int64_t kernel : {1, 3, 7})
      for (int64_t stride : {1, 2}) {
        ConvShape shape = convolution(28, kernel, stride, channels, 40);
        ContractionProblem forward(tiny(), shape, ContractionProblem::Forward);
        ContractionProblem gradInput(tiny(), shape, ContractionProblem::GradInput);
        GradWeightProblem gradWeight(tiny(), shape);
        for (const MappingProblem *problem :
             {(MappingProblem *)&forward, (MappingProblem *)&gradInput, (MappingProblem *)&gradWeight}) {
          Infeasible why;
          std::optional<Solution> solution = solve(*problem, {}, why);
          ASSERT_TRUE(solution) << why.reason;
          EXPECT_EQ(checkFit(*problem, solution->evaluation), "");
        }
      }
}

TEST(MappingProblem, FewChannelsArePackedIntoTheRows) {
  Machine machine;
  ConvShape shape = convolution(28, 5, 1, 3, 8);
  ContractionProblem problem(machine, shape, ContractionProblem::Forward);
  Infeasible why;
  Plan plan = problem.plan(solve(problem, {}, why)->choice);
  EXPECT_EQ(plan.dims, std::vector<std::string>({"c", "kh", "kw"}));
  EXPECT_EQ(plan.chunks, std::vector<int64_t>({3, 1, 5}));
}

TEST(MappingProblem, PinsHold) {
  ContractionProblem problem(Machine(), convolution(28, 3, 1, 16, 16), ContractionProblem::Forward);
  Infeasible why;
  std::optional<Solution> solution = solve(problem, {{"n", 1}, {"h", 5}, {"slots", 1}}, why);
  ASSERT_TRUE(solution) << why.reason;
  EXPECT_EQ(field(problem, *solution, "h"), 5);
  EXPECT_EQ(field(problem, *solution, "slots"), 1);
  EXPECT_FALSE(solve(problem, {{"speed", 3}}, why));
  EXPECT_EQ(why.reason, "the mapping has no field 'speed'");
}

TEST(MappingProblem, NamesTheBufferAndTheMissingBytes) {
  Machine machine = tiny();
  machine.scratchpadBytes = 1024;
  MatrixProblem::Needs needs;
  needs.rows = 4;
  needs.columns = 1000;
  needs.wholeColumns = true;
  MatrixProblem problem(machine, needs);
  Infeasible why;
  EXPECT_FALSE(solve(problem, {}, why));
  EXPECT_EQ(why.reason,
            "buffer 'tiles' (4032 bytes) misses 3008 bytes of the scratchpad, which has 1024 bytes");

  ContractionProblem conv(tiny(), convolution(28, 3, 1, 16, 16), ContractionProblem::Forward);
  why.reason.clear();
  EXPECT_FALSE(solve(conv, {{"n", 1}, {"h", 28}, {"w", 28}, {"k", 8}, {"acc_slots", 1}, {"blocks", 1}}, why));
  EXPECT_EQ(
      why.reason,
      "buffer 'accumulator' (784 rows) misses 16896 bytes (528 rows) of the accumulator, which has 256 rows");
}

TEST(MappingProblem, WeightGradientTilesFollowThePlan) {
  Machine machine = tiny();
  for (int64_t size : {7, 14, 28, 30}) {
    GradWeightProblem problem(machine, convolution(size, 3, 1, 32, 32));
    Infeasible why;
    std::optional<Solution> solution = solve(problem, {}, why);
    ASSERT_TRUE(solution) << why.reason;
    GradWeightLayout l = problem.layout(solution->choice);
    if (l.order.counts[l.w] > 1) {
      EXPECT_LE(l.tileH, l.chunkH);
    }
    if (l.order.counts[l.h] > 1) {
      EXPECT_LE(l.tileN, l.chunkN);
    }
    EXPECT_LE(l.chunkN * l.chunkH * l.chunkW, machine.rows);
  }
}

TEST(MappingProblem, PoolGradientOwnsWholeStrides) {
  Window window{112, 56, 3, 2, 1, 1};
  PoolProblem problem(tiny(), 2, window, window, 64, PoolProblem::Max, true, false);
  Infeasible why;
  std::optional<Solution> solution = solve(problem, {}, why);
  ASSERT_TRUE(solution) << why.reason;
  int64_t h = field(problem, *solution, "h");
  EXPECT_TRUE(h % 2 == 0 || h >= 112);
}

TEST(MappingProblem, SizesBeyondEveryMemorySaturate) {
  const int64_t huge = int64_t(1) << 31;
  Buffer buffer{"tile", {huge, huge, huge, 3}, 2};
  EXPECT_EQ(buffer.elements(), arsis::isa::kSaturated);
  EXPECT_EQ(buffer.size(), arsis::isa::kSaturated);
}

// 128 x 128 positions of 256 x 256 windows on 129 channels are more than the 2^31 that an instruction may
// visit.
TEST(MappingProblem, APoolVisitsNoMoreThanOneInstructionMay) {
  Machine machine = tiny();
  machine.scratchpadBytes = int64_t(1) << 30;
  Window window{256, 129, 128, 1, 1, 0};
  for (bool gradient : {false, true}) {
    PoolProblem problem(machine, 1, window, window, 129, PoolProblem::Average, gradient, false);
    Infeasible why;
    std::optional<Solution> solution = solve(problem, {}, why);
    ASSERT_TRUE(solution) << why.reason;
    PoolLayout l = problem.layout(solution->choice);
    EXPECT_LE((gradient ? l.gradient : l.output).elements() * 128 * 128, arsis::isa::kLargestWork);
  }
}
