// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which strategies there are. A strategy looks at the structure of a unit and either offers the space of its
// schedules or passes. Those of the tree divide the units among themselves, but for depthwise
// convolutions, for which array and vector unit compete; one that a library brings competes with them for
// every unit that it is for.
#ifndef ARSIS_COMPILER_SCHEDULE_STRATEGIES_H
#define ARSIS_COMPILER_SCHEDULE_STRATEGIES_H

#include "compiler/Schedule/Space.h"
#include "dialects/Isa/Encoding/External.h"

#include <functional>

namespace arsis::schedule {

/// One of a library is brought by isa::Brought::add.
struct Strategy {
  std::string name; // as schedules call it
  /// The schedules of a unit; null if the strategy is not for it.
  std::function<std::unique_ptr<Space>(const Unit &, const ChipLimits &)> spaceOf;
};

/// Adds the strategies of a library. Throws arsis::Error if a name is taken.
void takeStrategies(const isa::Brought &, const std::string &library);

/// The schedules of a unit: those of the first strategy of the tree that is for it, of others of the tree
/// that compete with it, then those of every strategy from outside. Throws arsis::Error if a space from
/// outside makes no sense (Outside.h).
std::vector<std::unique_ptr<Space>> makeSpaces(const Unit &unit, const ChipLimits &limits);

} // namespace arsis::schedule

#endif
