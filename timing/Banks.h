// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scratchpad's banks as one access sees them that has them to itself. Models: single-ported banks
// interleaved by bank width, so that the word at byte address a lies in bank (a / width) mod banks; elements
// that are needed together (a beat) take as many cycles as the fullest bank has distinct words of them, since
// one word serves all elements in it. The words are enumerated, not estimated: for any strides and any number
// of banks the counts are exact. A walk is a beat repeated over outer axes; its beats fall into classes by
// where in a word they start, and each class is enumerated once. Does not model: what other units ask for
// meanwhile (simulator/memory/Scratchpad.h), words kept from one beat to the next. Figures: keys
// `scratchpad.*`.
//
// Start: only its byte within a word matters, because a shift by whole words turns the banks and changes no
// count. Whoever does not know it assumes zero, the start of a word.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "timing/Memo.h"

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace arsis::timing {

/// `count` steps of `strideBytes` bytes, of any sign; stride zero repeats.
struct Axis {
  int64_t count = 1, strideBytes = 0;
};
using Axes = std::array<Axis, 4>; // outermost first

/// Elements that are needed together over the axes of `beat`, again and again over those of `outer`.
struct Walk {
  Axes outer, beat;
  int64_t elementBytes = 4;
  int64_t start = 0; // byte address of the first element
};

/// Beats of `n` elements of a row-major box: as many whole inner axes as fit, then a part of the next one, in
/// `whole`; what that axis has left over is in `rest`. The part is n elements of a single axis, else a power
/// of two of steps, so that a beat of 2 * n joins beats of n and costs no more than they do together. Axes of
/// the box that continue each other count as one.
struct Beats {
  Walk whole, rest;
};
/// REQUIRES: n at least 1, no empty axis.
Beats inBeats(const Axes &box, int64_t n, int64_t elementBytes, int64_t start);

/// What elements that are needed together cost.
struct BankUse {
  int64_t cycles = 0; // words in the fullest bank
  int64_t words = 0;  // in all banks; never more than banks * cycles
};

/// What a walk costs.
struct WalkUse {
  int64_t beats = 0;
  int64_t cycles = 0; // one beat after the other: sum of the beats' cycles
  int64_t words = 0;  // sum of the beats' words
};

class Banks {
public:
  /// REQUIRES: both at least 1.
  Banks(int64_t banks, int64_t widthBytes);
  explicit Banks(const chip::Chip &chip);

  /// `n` elements of `elementBytes` bytes, `strideBytes` apart (of any sign), the first one at byte `start`.
  /// Nothing for n = 0.
  BankUse use(int64_t n, int64_t strideBytes, int64_t elementBytes, int64_t start = 0) const;
  /// All zero if a count is.
  WalkUse walk(const Walk &walk) const;
  /// Words of all beats in the fullest bank, if only the load of each bank counts: at least words / banks, at
  /// most cycles of the walks. Not remembered.
  int64_t fullest(const Beats &beats) const;

  const int64_t banks, widthBytes;

private:
  using InBank = std::vector<int64_t>; // words, counted from the bank of the first byte

  /// False if there is nothing in it.
  bool canonicalise(Walk &walk) const;
  // The others REQUIRE canonical axes and 0 <= start < widthBytes. `known` is by axis and start.
  void enumerate(const Axes &axes, int64_t elementBytes, int64_t start) const;
  BankUse beat(const Axes &axes, int64_t elementBytes, int64_t start) const;
  /// The outer axes from `axis` inward.
  WalkUse walkFrom(const Walk &walk, size_t axis, int64_t start,
                   std::map<std::pair<size_t, int64_t>, WalkUse> &known) const;
  const InBank &inBankFrom(const Walk &walk, size_t axis, int64_t start,
                           std::map<std::pair<size_t, int64_t>, InBank> &known) const;

  mutable Memo<BankUse, 4> uses;
  mutable Memo<WalkUse, 18> walks;
  mutable std::vector<int64_t> words, counts; // of the beat being enumerated
};

} // namespace arsis::timing
