// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the search looks at: nothing that it passes over could have been better.
#include "compiler/Schedule/Candidates.h"

#include "compiler/Schedule/Enumeration.h"
#include "compiler/Schedule/WeightGradient.h"
#include "tests/compiler/Schedule/Problems.h"

#include <array>
#include <map>
#include <utility>

namespace arsis::schedule {
namespace {

using namespace testing;

/// Every choice that fits is a candidate, or one of the same essence is that is no dearer in closed form.
void expectNothingLost(const Space &space, const ChipModel &model, const Pins &pins, bool skips) {
  Infeasible why;
  const std::optional<Candidates> candidates = candidatesOf(space, pins, why);
  ASSERT_TRUE(candidates) << why.reason;
  const Enumeration all(candidates->fields);
  std::map<std::pair<size_t, Choice>, double> least; // by stratum and essence
  Choice choice;
  for (size_t stratum = 0; stratum < candidates->strata.size(); ++stratum)
    for (const Candidates::Rough &rough : candidates->strata[stratum]) {
      all.at(rough.number, choice);
      least.try_emplace({stratum, space.essence(choice)}, rough.cycles);
    }
  int64_t fitting = 0;
  for (int64_t number = 0; number < all.total; ++number) {
    all.at(number, choice);
    const Evaluation evaluation = space.evaluate(choice);
    if (!checkFit(space, evaluation).empty())
      continue;
    ++fitting;
    const size_t stratum = all.stratum(choice);
    const std::vector<Candidates::Rough> &found = candidates->strata[stratum];
    const double rough =
        evaluation.cycles(model.limits) + Candidates::kOfTraffic * evaluation.dramCycles(model.limits);
    if (found.size() == Candidates::kMost && rough >= found.back().cycles)
      continue;
    const auto known = least.find({stratum, space.essence(choice)});
    ASSERT_NE(known, least.end());
    EXPECT_LE(known->second, rough);
  }
  EXPECT_EQ(candidates->feasible < fitting, skips);
}

TEST(Candidates, WhatIsNotLookedAtIsNoBetter) {
  static const ChipModel two(chipWith({{"matrix.units", "2"}}));
  for (const auto &[size, stride, channels, outputs] : std::initializer_list<std::array<int64_t, 4>>{
           {14, 1, 40, 24}, {1, 2, 1, 3}, {31, 2, 3, 70}, {7, 1, 64, 64}, {28, 1, 128, 96}})
    for (int64_t groups : {1, 3})
      for (const ChipModel *model : {&tiny(), &edge(), &std::as_const(two)}) {
        auto of = [&, size = size, stride = stride, channels = channels,
                   outputs = outputs](Convolution::Pass pass) {
          Convolution result = convolution(pass, size, 3, stride, channels, outputs);
          result.shape.groups = groups;
          return result;
        };
        Contraction forward(model->limits, of(Convolution::Forward)),
            gradInput(model->limits, of(Convolution::GradInput));
        WeightGradient gradWeight(model->limits, of(Convolution::GradWeight));
        const bool skips = groups == 1 && model != &two;
        for (const Space *space : std::initializer_list<const Space *>{&forward, &gradInput, &gradWeight})
          expectNothingLost(*space, *model, {}, skips);
        if (size == 14)
          expectNothingLost(forward, *model, {"", {}, {{"slots.tiles", 2}}}, skips);
      }
}

/// Weights that stay need one slot, however many tiles have.
TEST(Candidates, PinnedSlotsLeaveWeightsThatStay) {
  const Contraction space(tiny().limits, forward(14, 1, 1, 256, 24));
  Infeasible why;
  const Pins pins{"",
                  {},
                  {{"tiles.n", 1},
                   {"tiles.oh", 1},
                   {"tiles.ow", 1},
                   {"tiles.c", 256},
                   {"tiles.co", 16},
                   {"chunks.c", 8},
                   {"slots.tiles", 2}}};
  const std::optional<Solution> solution = solve(space, tiny(), pins, why);
  ASSERT_TRUE(solution) << why.reason;
  EXPECT_EQ(field(space, *solution, "resident.w"), 1);
}

/// What misses least of all is named.
TEST(Candidates, TheSmallestMissIsNamed) {
  const ChipModel small(chipWith({{"scratchpad.kib", "32"}, {"matrix.accumulator_rows", "256"}}));
  const Contraction space(small.limits, forward(28, 1, 1, 256, 256));
  Infeasible why;
  Pins pins{"", {}, {{"tiles.n", 1}, {"tiles.oh", 1}, {"tiles.ow", 28}, {"tiles.c", 256}, {"tiles.co", 256}}};
  EXPECT_FALSE(solve(space, small, pins, why));
  const std::string free = why.reason;
  pins.numbers["slots.tiles"] = pins.numbers["slots.accumulator"] = 1;
  EXPECT_FALSE(solve(space, small, pins, why = {}));
  EXPECT_EQ(free, why.reason);
}

} // namespace
} // namespace arsis::schedule
