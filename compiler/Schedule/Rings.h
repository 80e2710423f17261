// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which registers of a loop share a buffer. Operations work element by element, so one may write where it
// reads for the last time.
#ifndef ARSIS_COMPILER_SCHEDULE_RINGS_H
#define ARSIS_COMPILER_SCHEDULE_RINGS_H

#include "compiler/Schedule/VectorProgram.h"

#include <utility>
#include <vector>

namespace arsis::schedule {

struct Rings {
  struct Ring {
    Reach reach;
    numerics::ElementType type;
    bool moved; // also by others than the vector unit, so that several tiles of it pay
  };
  std::vector<Ring> rings;
  std::vector<std::pair<int, int>> registers; // register, ring

  /// -1: it has none.
  int ringOf(int reg) const;
};

/// The operations of a loop, in their order.
using LoopWork = std::vector<const VectorOperation *>;

/// Registers that a loop stores from, in the order of the results.
std::vector<int> storedIn(const VectorProgram &program, const LoopWork &work);

/// Rings for what the operations compute, but for sums over rows, which outlive the loop.
Rings assignRings(const VectorProgram &program, const LoopWork &work);

} // namespace arsis::schedule

#endif
