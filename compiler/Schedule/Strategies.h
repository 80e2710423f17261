// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which strategies there are. A strategy looks at the structure of a unit and either offers the space of its
// schedules or passes; one that comes from outside of the tree registers itself.
#ifndef ARSIS_COMPILER_SCHEDULE_STRATEGIES_H
#define ARSIS_COMPILER_SCHEDULE_STRATEGIES_H

#include "compiler/Schedule/Space.h"

#include <functional>

namespace arsis::schedule {

struct Strategy {
  std::string name; // as schedules call it
  /// The schedules of a unit; null if the strategy is not for it.
  std::function<std::unique_ptr<Space>(const Unit &, const ChipLimits &)> spaceOf;
};

/// Adds a strategy, which is asked after those that are there. Throws arsis::Error if the name is taken.
void registerStrategy(Strategy strategy);

/// All of them, in the order in which they are asked.
const std::vector<Strategy> &strategies();

/// The schedules of a unit under the first strategy that is for it; null if none is.
std::unique_ptr<Space> makeSpace(const Unit &unit, const ChipLimits &limits);

} // namespace arsis::schedule

#endif
