// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scratchpad's banks as one access sees them that has them to itself. Models: single-ported banks
// interleaved by bank width, so that the word at byte address a lies in bank (a / width) mod banks; elements
// that are needed together take as many cycles as the fullest bank has distinct words of them (one word
// serves all elements in it). The words are enumerated, not estimated: for any stride and number of banks the
// count is exact. Does not model: what other units ask for meanwhile (simulator/memory/Scratchpad.h).
// Figures: keys `scratchpad.*` of the chip.
//
// Start: only its byte within a word matters, because a shift by whole words turns the banks and changes no
// count. Whoever does not know it assumes zero, the start of a word, where the compiler places buffers.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "timing/Memo.h"

#include <cstdint>

namespace arsis::timing {

/// What elements that are needed together cost.
struct BankUse {
  int64_t cycles = 0; // words in the fullest bank
  int64_t words = 0;  // in all banks; never more than banks * cycles
};

class Banks {
public:
  /// REQUIRES: both at least 1.
  Banks(int64_t banks, int64_t widthBytes);
  explicit Banks(const chip::Chip &chip);

  /// `n` elements of `elementBytes` bytes, `strideBytes` apart (of any sign), the first one at byte `start`.
  /// Nothing for n = 0.
  BankUse use(int64_t n, int64_t strideBytes, int64_t elementBytes, int64_t start = 0) const;

  const int64_t banks, widthBytes;

private:
  BankUse enumerate(int64_t n, int64_t stride, int64_t elementBytes, int64_t start) const;

  mutable Memo<BankUse, 4> memo;
};

} // namespace arsis::timing
