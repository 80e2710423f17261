// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Scratchpad.h for the model.
#include "simulator/memory/Scratchpad.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace arsis::sim {

Scratchpad::Scratchpad(const chip::Chip &chip)
    : banks(chip.integer("scratchpad.banks")), widthBytes(chip.integer("scratchpad.bank_width_bytes")) {}

BankUse Scratchpad::use(int64_t n, int64_t strideBytes, int64_t elementBytes) const {
  const int64_t stride = std::abs(strideBytes);
  if (n == 1 || stride == 0)
    return {1, 1};
  if (stride < widthBytes) { // neighbours share words, the words touched are consecutive
    const int64_t words = ((n - 1) * stride + elementBytes + widthBytes - 1) / widthBytes;
    return {(words + banks - 1) / banks, static_cast<double>(words)};
  }
  // Every element has a word of its own; a stride of whole words visits banks / gcd of them.
  const int64_t step = stride / widthBytes;
  const int64_t reached = stride % widthBytes == 0 ? banks / std::gcd(step, banks) : banks;
  return {(n + reached - 1) / reached, static_cast<double>(n)};
}

BankUse Scratchpad::combine(const BankUse &a, const BankUse &b) const {
  const double words = a.words + b.words;
  const auto atLeast = static_cast<int64_t>(std::ceil(words / static_cast<double>(banks)));
  return {std::max({a.cycles, b.cycles, atLeast}), words};
}

Cycle Scratchpad::contend(Cycle now, Cycle cycles, double wordsPerCycle) {
  double others = 0;
  Cycle lastEnd = now;
  size_t kept = 0;
  for (const Access &access : running) {
    if (access.end <= now)
      continue;
    others += access.wordsPerCycle;
    lastEnd = std::max(lastEnd, access.end);
    running[kept++] = access;
  }
  running.resize(kept);
  const double capacity = static_cast<double>(banks), asked = others + wordsPerCycle;
  Cycle extra = 0;
  if (others > 0 && asked > capacity) {
    const Cycle shared = std::min(cycles, lastEnd - now);
    extra = static_cast<Cycle>(std::ceil(static_cast<double>(shared) * (asked - capacity) / capacity));
  }
  running.push_back({now + cycles + extra, wordsPerCycle});
  conflictCycles += extra;
  return extra;
}

void Scratchpad::report(Statistics &statistics) const {
  statistics.add("scratchpad.conflict_cycles", "cycles", "cycles that units lost to each other at the banks",
                 static_cast<double>(conflictCycles));
}

} // namespace arsis::sim
