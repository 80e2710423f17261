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
#include <ctime>
#include <map>
#include <numeric>

namespace arsis::testing {
namespace {

constexpr size_t kSchedules = 40;
// An estimate does not know where the tensors will lie, and what rows meet in a bank there: it is held to the
// mean of the machine over a few places.
/// More where they differ much.
constexpr size_t kPlacements = 4, kMorePlacements = 16;
constexpr double kMuch = 0.08;

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

/// Of a class on one chip: the worst rank correlation and inversion of its shapes, the median error over all
/// schedules within twice the best of their shape. An inversion is how much slower on the machine a schedule
/// is than another one that was said to cost more.
struct Agreement {
  double correlation = 1, inversion = 0, spread = 0;
  std::vector<double> errors;

  void add(const std::vector<Trial> &trials) {
    std::vector<double> estimated, simulated;
    for (const Trial &trial : trials) {
      estimated.push_back(trial.estimate.cycles);
      simulated.push_back(trial.simulated);
    }
    correlation = std::min(correlation, rankCorrelation(estimated, simulated));
    const double best = *std::min_element(simulated.begin(), simulated.end());
    for (size_t i = 0; i < trials.size(); ++i) {
      if (simulated[i] > 2 * best)
        continue;
      spread = std::max(spread, trials[i].spread);
      errors.push_back(std::abs(estimated[i] - simulated[i]) / simulated[i]);
      for (size_t k = 0; k < trials.size(); ++k)
        if (simulated[k] <= 2 * best && estimated[i] < estimated[k])
          inversion = std::max(inversion, simulated[i] / simulated[k] - 1);
    }
  }
  double medianError() {
    std::sort(errors.begin(), errors.end());
    return errors[errors.size() / 2];
  }
};

struct Bounds {
  double correlation = 0.95, medianError = 0.05, inversion = 0.10;
  double bytes = 0.004; // where a loop over borders of an image was taken to go on like its last period
};

/// Bytes of weight gradients in groups are off by more; what docs/rationale/estimates.md says is not reached.
Bounds boundsOf(const std::string &operation) {
  Bounds bounds;
  if (operation == "grouped_conv2d_grad_weight")
    bounds.bytes = 0.013;
  if (operation == "max_pool_grad")
    bounds.inversion = 0.105;
  return bounds;
}

void show(const Operation &operation, const std::vector<Trial> &trials) {
  for (const Trial &trial : trials) {
    std::printf("  %9.0f est %9.0f sim (spread %.3f) busy", trial.estimate.cycles, trial.simulated,
                trial.spread);
    for (double busy : trial.estimate.busy)
      std::printf(" %.0f", busy);
    std::printf(" dram %.0f instr %.0f :", trial.estimate.dramCycles, trial.estimate.instructions);
    const auto fields = operation.space().fields();
    for (size_t i = 0; i < fields.size(); ++i)
      std::printf(" %s=%ld", fields[i].name.c_str(), trial.choice[i]);
    std::printf("\n");
  }
}

/// CPU microseconds of one estimate, mean over the schedules of an operation.
double microseconds(const Operation &operation, const std::vector<Trial> &trials) {
  constexpr int kRepeats = 5;
  std::vector<schedule::Layout> layouts;
  for (const Trial &trial : trials)
    layouts.push_back(operation.space().layout(trial.choice));
  const std::clock_t begin = std::clock();
  for (int i = 0; i < kRepeats; ++i)
    for (const schedule::Layout &layout : layouts)
      EXPECT_GT(schedule::estimate(layout, operation.model).cycles, 0);
  return 1e6 * double(std::clock() - begin) / CLOCKS_PER_SEC / double(kRepeats * layouts.size());
}

/// Multiply-accumulates exactly, bytes nearly.
void expectPricedIsMoved(const Trial &trial, double bytes) {
  EXPECT_NEAR(trial.estimate.products, trial.productsDone, 0.5) << ::testing::PrintToString(trial.choice);
  EXPECT_NEAR(trial.estimate.dramBytes, trial.movedBytes, bytes * trial.movedBytes)
      << ::testing::PrintToString(trial.choice);
}

class Estimates : public ::testing::TestWithParam<size_t> {};

/// ARSIS_SHOW_SCHEDULES=1 prints every schedule, ARSIS_TIME_ESTIMATES=1 what an estimate costs.
TEST_P(Estimates, OrderSchedulesAsTheMachineDoes) {
  const OperationClass &classOf = operationClasses()[GetParam()];
  for (const char *name : {"edge", "datacentre"}) {
    const chip::Chip chip = chip::Chip::load(name);
    std::mt19937 random(11);
    Agreement all;
    for (size_t shape = 0; shape < classOf.modules.size(); ++shape) {
      const Operation operation(classOf.modules[shape], chip);
      std::vector<Trial> trials;
      for (const schedule::Choice &choice : operation.draw(kSchedules, random)) {
        trials.push_back(operation.run(choice, kPlacements));
        if (trials.back().spread > kMuch)
          trials.back() = operation.run(choice, kMorePlacements);
        expectPricedIsMoved(trials.back(), boundsOf(classOf.name).bytes);
      }
      all.add(trials);
      if (std::getenv("ARSIS_SHOW_SCHEDULES")) {
        Agreement one;
        one.add(trials);
        const double median = one.medianError(); // sorts
        std::printf(
            "%-22s %-10s shape %zu: %2zu schedules, rank %.3f, median error %5.1f %%, worst %5.1f %%, "
            "inversion %5.1f %%\n",
            classOf.name.c_str(), name, shape, trials.size(), one.correlation, 100 * median,
            100 * one.errors.back(), 100 * one.inversion);
        show(operation, trials);
      }
      if (std::getenv("ARSIS_TIME_ESTIMATES"))
        std::printf("%-22s %-10s shape %zu: %.1f us per estimate\n", classOf.name.c_str(), name, shape,
                    microseconds(operation, trials));
    }
    std::printf("| %s | %s | %.3f | %.1f %% | %.1f %% | %.1f %% |\n", classOf.name.c_str(), name,
                all.correlation, 100 * all.medianError(), 100 * all.inversion, 100 * all.spread);
    const Bounds bounds = boundsOf(classOf.name);
    EXPECT_GE(all.correlation, bounds.correlation) << name;
    EXPECT_LE(all.medianError(), bounds.medianError) << name;
    EXPECT_LE(all.inversion, bounds.inversion) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Classes, Estimates, ::testing::Range<size_t>(0, operationClasses().size()),
                         [](const auto &info) { return operationClasses()[info.param].name; });

/// PEs of several cycles push sums apart and hold weight banks; estimates know.
TEST(DeepPes, AreEstimatedAsTheMachineHasThem) {
  const chip::Chip edge = chip::Chip::load("edge"), deep = edge.withOverride("matrix.pe_latency_cycles", 8);
  for (const OperationClass &classOf : operationClasses()) {
    if (classOf.name != "conv2d" && classOf.name != "conv2d_grad_weight")
      continue;
    std::mt19937 random(5);
    Agreement all;
    double longer = 1;
    for (const std::string &module : classOf.modules) {
      const Operation operation(module, deep), shallow(module, edge);
      std::vector<Trial> trials;
      for (const schedule::Choice &choice : operation.draw(20, random)) {
        trials.push_back(operation.run(choice, kPlacements));
        const Trial before = shallow.run(choice, kPlacements);
        // Nearly: what the array does later may meet fewer rows of the DRAM that others closed.
        EXPECT_GE(trials.back().simulated, 0.99 * before.simulated);
        EXPECT_GE(trials.back().estimate.cycles, 0.99 * before.estimate.cycles);
        longer = std::max(longer, trials.back().simulated / before.simulated);
      }
      all.add(trials);
    }
    EXPECT_GT(longer, 1.1) << classOf.name << ": or nothing here shows the depth";
    EXPECT_GE(all.correlation, 0.95) << classOf.name;
    EXPECT_LE(all.medianError(), 0.05) << classOf.name;
  }
}

} // namespace
} // namespace arsis::testing
