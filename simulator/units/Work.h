// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The events an operation causes on chip, from its operands alone: the same counts whether or not a clock
// runs. An operand that a loop holds still in its innermost dimensions is read once for them.
#pragma once

#include "arch_configs/reader/MatrixPasses.h"
#include "simulator/base/Events.h"
#include "simulator/isa/Operation.h"
#include "timing/Memo.h"
#include "timing/Words.h"

namespace arsis::sim {

/// What of a chip decides the counts.
struct WorkFigures {
  explicit WorkFigures(const chip::Chip &chip);
  chip::MatrixPasses passes;
  int64_t wordBytes, lanes, rows; // of a bank; of the vector unit; of an array
  bool transposer;
  int64_t insideWord(int64_t byte) const { return timing::insideWord(byte, wordBytes); }
  bool wholeWords(int64_t bytes) const { return insideWord(bytes) == 0; }
  mutable timing::Memo<int64_t, 10> transfers; // words of boxes that were counted before
};

/// Adds the events of `operation`, except those of the DRAM itself. Where a product takes several passes,
/// each reads its operands and updates the accumulator, but the product counts once.
void countWork(const Operation &operation, const WorkFigures &figures, EventCounts &counts);

/// Elements a vector operation works on (window positions count one by one).
int64_t vectorElements(const Operation &operation);

bool isTranscendental(numerics::VectorFunction function);

} // namespace arsis::sim
