// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search: see Search.h.
#include "compiler/Schedule/Search.h"

#include "compiler/Schedule/Enumeration.h"
#include "compiler/Schedule/Outside.h"
#include "dialects/Isa/Encoding/Interrupt.h"

#include <algorithm>
#include <limits>
#include <set>

namespace arsis::schedule {

namespace {

/// The cheapest choices and the second cheapest.
class Ranking {
public:
  void add(const Choice &choice, int64_t number, const Estimate &estimate) {
    // What a run leaves out grows with the number of instructions. Of schedules that take equally long the
    // one that moves less is better, for its energy.
    constexpr double kPerInstruction = 1; // cycles
    const double cost = estimate.cycles + kPerInstruction * estimate.instructions +
                        Candidates::kOfTraffic * estimate.dramCycles;
    ranked.push_back({cost, number, {choice, estimate}});
    std::sort(ranked.begin(), ranked.end(), [](const Entry &a, const Entry &b) {
      return a.cost != b.cost ? a.cost < b.cost : a.number < b.number;
    });
    if (ranked.size() > 2)
      ranked.pop_back();
  }
  /// Whoever needs as many cycles is neither of the two.
  double costOfSecond() const {
    return ranked.size() < 2 ? std::numeric_limits<double>::infinity() : ranked[1].cost;
  }
  double costOfBest() const { return ranked.front().cost; }
  const Priced &best() const { return ranked.front().priced; }
  std::optional<Priced> second() const {
    return ranked.size() < 2 ? std::nullopt : std::optional(ranked[1].priced);
  }

private:
  struct Entry {
    double cost;
    int64_t number;
    Priced priced;
  };
  std::vector<Entry> ranked;
};

constexpr size_t kMostPriced = 40, kAlwaysPriced = 5; // of a stratum

/// Runs the most promising choices of one stratum, as if there were no others.
void price(const Space &space, const ChipModel &model, const Enumeration &all,
           const std::vector<Candidates::Rough> &found, Ranking &ranking, Solution &solution) {
  constexpr int64_t kMostSteps = 45'000; // of all runs together, beyond which only kAlwaysPriced are priced
  constexpr double kSlack = 1.5;         // of the rough price, beyond which nothing better is expected
  Choice choice;
  std::set<Choice> seen;
  int64_t steps = 0;
  double fastest = std::numeric_limits<double>::infinity();
  for (const Candidates::Rough &rough : found) {
    if (rough.cycles > kSlack * fastest || seen.size() == kMostPriced ||
        (seen.size() >= kAlwaysPriced && steps > kMostSteps))
      break;
    all.at(rough.number, choice);
    if (!seen.insert(space.essence(choice)).second)
      continue;
    checkInterrupt();
    const Estimate priced = estimate(layoutOf(space, choice), model, ranking.costOfSecond());
    steps += priced.steps;
    fastest = std::min(fastest, priced.cycles);
    ranking.add(choice, rough.number, priced);
    ++solution.priced;
  }
}

} // namespace

Solution cheapestOf(const Space &space, const ChipModel &model, const Candidates &candidates) {
  const Enumeration all(candidates.fields);
  Solution solution;
  solution.considered = candidates.considered;
  solution.feasible = candidates.feasible;
  Ranking ranking;
  for (const std::vector<Candidates::Rough> &stratum : candidates.strata)
    price(space, model, all, stratum, ranking, solution);
  solution.best = ranking.best();
  solution.cost = ranking.costOfBest();
  solution.runnerUp = ranking.second();
  for (const Buffer &buffer : space.evaluate(solution.best.choice).buffers)
    (buffer.accumulator ? solution.rows : solution.bytes) += buffer.size();
  return solution;
}

std::optional<Solution> solve(const Space &space, const ChipModel &model, const Pins &pins, Infeasible &why) {
  const std::optional<Candidates> candidates = candidatesOf(space, pins, why);
  return candidates ? std::optional(cheapestOf(space, model, *candidates)) : std::nullopt;
}

const char *boundOf(const Estimate &estimate) {
  static constexpr const char *kNames[] = {"load", "store", "vector", "matrix", "drain"};
  const auto most = std::max_element(estimate.busy.begin(), estimate.busy.end());
  constexpr double kBusy = 0.75;
  if (std::max(*most, estimate.dramCycles) < kBusy * estimate.cycles)
    return "latency";
  return estimate.dramCycles >= *most ? "dram" : kNames[most - estimate.busy.begin()];
}

} // namespace arsis::schedule
