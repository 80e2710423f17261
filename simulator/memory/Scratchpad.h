// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scratchpad's banks and what conflicts on them cost. Models: single-ported banks interleaved by bank
// width; elements that one access needs together serialise when they fall into the same bank (closed form of
// the stride); units that together ask for more words per cycle than there are banks are slowed, the later
// one by the shared part of its time. Does not model: which words meet in which cycle, nor the slowing of the
// unit that came first. Figures: keys `scratchpad.*` of the chip.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "simulator/base/Clock.h"
#include "simulator/base/Statistics.h"

#include <vector>

namespace arsis::sim {

/// What one beat of an access costs.
struct BankUse {
  int64_t cycles = 0; // to serve the beat alone
  double words = 0;   // bank words it touches
};

class Scratchpad {
public:
  explicit Scratchpad(const chip::Chip &chip);

  /// `n` elements of `elementBytes` bytes, `strideBytes` apart, needed in the same beat.
  BankUse use(int64_t n, int64_t strideBytes, int64_t elementBytes) const;
  /// Several operands in the same beat.
  BankUse combine(const BankUse &a, const BankUse &b) const;
  /// Extra cycles for an access that starts at `now`, takes `cycles` and touches `wordsPerCycle`, next to
  /// what runs already; enters it into what runs.
  Cycle contend(Cycle now, Cycle cycles, double wordsPerCycle);

  void report(Statistics &statistics) const;
  int64_t bankCount() const { return banks; }
  int64_t bankWidth() const { return widthBytes; }

private:
  struct Access {
    Cycle end;
    double wordsPerCycle;
  };
  int64_t banks, widthBytes;
  std::vector<Access> running;
  Cycle conflictCycles = 0;
};

} // namespace arsis::sim
