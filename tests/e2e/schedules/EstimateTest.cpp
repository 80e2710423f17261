// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a schedule is said to cost against what it costs on the machine: per class of operations, random
// schedules of three shapes on two chips. The order of the estimates must be that of the machine, and near
// the best schedule the figures too.
#include "tests/e2e/schedules/Cases.h"
#include "tests/e2e/schedules/Trial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace arsis::testing {
namespace {

constexpr size_t kSchedules = 40;

std::vector<double> ranks(const std::vector<double> &values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (size_t i = 0; i < order.size();) { // equal values share their mean rank
    size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]])
      ++end;
    for (size_t k = i; k < end; ++k)
      result[order[k]] = double(i + end - 1) / 2;
    i = end;
  }
  return result;
}

/// Spearman's rank correlation; 1 if one side does not vary.
double rankCorrelation(const std::vector<double> &a, const std::vector<double> &b) {
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double mean = double(x.size() - 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xx == 0 || yy == 0 ? 1 : xy / std::sqrt(xx * yy);
}

struct Agreement {
  double correlation = 1, medianError = 0, worstError = 0, worstInversion = 0;
};

/// Errors of schedules within twice the best; an inversion is how much slower on the machine a schedule is
/// than another one that was said to cost more.
Agreement agreementOf(const std::vector<Trial> &trials) {
  std::vector<double> estimated, simulated, errors;
  for (const Trial &trial : trials) {
    estimated.push_back(trial.estimate.cycles);
    simulated.push_back(trial.simulated);
  }
  Agreement result;
  result.correlation = rankCorrelation(estimated, simulated);
  const double best = *std::min_element(simulated.begin(), simulated.end());
  for (size_t i = 0; i < trials.size(); ++i) {
    if (simulated[i] > 2 * best)
      continue;
    errors.push_back(std::abs(estimated[i] - simulated[i]) / simulated[i]);
    for (size_t k = 0; k < trials.size(); ++k)
      if (simulated[k] <= 2 * best && estimated[i] < estimated[k])
        result.worstInversion = std::max(result.worstInversion, simulated[i] / simulated[k] - 1);
  }
  std::sort(errors.begin(), errors.end());
  result.medianError = errors[errors.size() / 2];
  result.worstError = errors.back();
  return result;
}

class Estimates : public ::testing::TestWithParam<size_t> {};

TEST_P(Estimates, OrderSchedulesAsTheMachineDoes) {
  const OperationClass &classOf = operationClasses()[GetParam()];
  for (const char *name : {"edge", "datacentre"}) {
    const chip::Chip chip = chip::Chip::load(name);
    std::mt19937 random(11);
    for (size_t shape = 0; shape < classOf.modules.size(); ++shape) {
      const Operation operation(classOf.modules[shape], chip);
      std::vector<Trial> trials;
      for (const schedule::Choice &choice : operation.draw(kSchedules, random))
        trials.push_back(operation.run(choice));
      const Agreement a = agreementOf(trials);
      std::printf("%-24s %-10s shape %zu: %2zu schedules, rank %.3f, median error %5.1f %%, worst %5.1f %%, "
                  "inversion %5.1f %%\n",
                  classOf.name.c_str(), name, shape, trials.size(), a.correlation, 100 * a.medianError,
                  100 * a.worstError, 100 * a.worstInversion);
      if (std::getenv("ARSIS_SHOW_SCHEDULES"))
        for (const Trial &trial : trials) {
          std::printf("  %9.0f est %9.0f sim  busy", trial.estimate.cycles, trial.simulated);
          for (double busy : trial.estimate.busy)
            std::printf(" %.0f", busy);
          std::printf(" dram %.0f instr %.0f :", trial.estimate.dramCycles, trial.estimate.instructions);
          const auto fields = operation.space().fields();
          for (size_t i = 0; i < fields.size(); ++i)
            std::printf(" %s=%ld", fields[i].name.c_str(), trial.choice[i]);
          std::printf("\n");
        }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Classes, Estimates, ::testing::Range<size_t>(0, 16),
                         [](const auto &info) { return operationClasses()[info.param].name; });

} // namespace
} // namespace arsis::testing
