// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search for the cheapest schedule of a space that fits the chip. All choices are enumerated and held
// against the memories; a rough price in closed form puts them in order, and the first of them are priced by
// a run over their layout (Price.h), until the rough price says that nothing better follows.
#ifndef ARSIS_COMPILER_SCHEDULE_SEARCH_H
#define ARSIS_COMPILER_SCHEDULE_SEARCH_H

#include "compiler/Schedule/Candidates.h"
#include "compiler/Schedule/Price.h"

namespace arsis::schedule {

struct Priced {
  Choice choice;
  Estimate estimate;
};

struct Solution {
  Priced best;
  std::optional<Priced> runnerUp; // the second best of those that were priced
  int64_t bytes = 0, rows = 0;    // of scratchpad and accumulators of a unit that `best` needs
  int64_t considered = 0, feasible = 0, priced = 0;
  double cost = 0; // of `best`: its cycles, and what an estimate leaves out per instruction
};

/// The cheapest candidate by a run over its layout; of equal ones the first in the order of the fields'
/// candidates. Throws arsis::Error for an impossible layout of a strategy from outside.
Solution cheapestOf(const Space &space, const ChipModel &model, const Candidates &candidates);

/// The cheapest choice that fits; see candidatesOf.
std::optional<Solution> solve(const Space &space, const ChipModel &model, const Pins &pins, Infeasible &why);

/// What a schedule waits for most: "dram", "load", "store", "matrix", "drain" or "vector", or "latency" if
/// all of these are idle for a quarter of the time or more.
const char *boundOf(const Estimate &estimate);

} // namespace arsis::schedule

#endif
