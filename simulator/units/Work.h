// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The events an operation causes on chip, from its operands alone: the same counts whether or not a clock
// runs. An operand that a loop holds still in its innermost dimensions is read once for them.
#pragma once

#include "simulator/base/Events.h"
#include "simulator/isa/Operation.h"

namespace arsis::sim {

/// Adds the events of `operation`, except those of the DRAM itself.
void countWork(const Operation &operation, EventCounts &counts);

/// Elements a vector operation works on (window positions count one by one).
int64_t vectorElements(const Operation &operation);

bool isTranscendental(numerics::VectorFunction function);

} // namespace arsis::sim
