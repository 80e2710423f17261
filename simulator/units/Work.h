// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The events an operation causes on chip, from its operands alone: the same counts whether or not a clock
// runs. An operand that a loop holds still in its innermost dimensions is read once for them.
#pragma once

#include "arch_configs/reader/MatrixPasses.h"
#include "simulator/base/Events.h"
#include "simulator/isa/Operation.h"

namespace arsis::sim {

/// Adds the events of `operation`, except those of the DRAM itself, on arrays that take so many passes for a
/// product: each reads its operands and updates the accumulator, but a product counts once.
void countWork(const Operation &operation, const chip::MatrixPasses &passes, EventCounts &counts);

/// Elements a vector operation works on (window positions count one by one).
int64_t vectorElements(const Operation &operation);

bool isTranscendental(numerics::VectorFunction function);

} // namespace arsis::sim
