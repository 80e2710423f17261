// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How weights, operands and sums follow each other through a weight-stationary systolic array of R x C PEs.
//
// The array. A PE has a register of each weight bank, passes operands on to its right after one cycle, and
// adds its product to the sum from above in a pipeline of L cycles (matrix.pe_latency_cycles). Operands of a
// row enter skewed: those of row r of the array after r L cycles. Weights enter at the top, last row first,
// and pass through the registers of their bank, one row per cycle and a column one cycle after its
// neighbour; each stops in its own row, so k rows take k cycles. So a bank may be loaded again as soon as no
// row is reached by new weights before the last operand that needs the old ones: operands move down a row in
// L cycles, weights in one.
//
// Sums leave a column through one port, in order, below the last row that has weights: rows further down are
// passed by (the wires past them are assumed). Where they would meet there or overtake the sums of a product
// with more rows, they go on down as many rows as it takes; those add nothing. Nobody waits for columns
// without weights. So a load costs what it loads, a product what it uses, and a larger array is never slower
// for the same work.
//
// A product of m rows, k x n weights, whose first row enters in cycle f, with d rows passed by its sums
// (d = k unless the product before is in the way): first sum in f + d L, last one in f + d L + m - 1 + n - 1,
// each the cycle in which the register below the PE holds it. On full arrays with two banks, folds of m_i
// rows begin in
//   f_0 = R,  f_i = max(f_(i-1) + max(m_(i-1), R), f_(i-2) + m_(i-2) + R + (L - 1)(R - 1)),
// where the last term counts from f_2 on, and the last of them ends in f_n + m_n + L R + C - 2. So a lone
// fold takes (1 + L) R + C + m - 2 cycles, with L = 1 the 2 R + C + m - 2 of SCALE-Sim (arXiv 1811.02883),
// and reloads are hidden behind folds of at least R + (L - 1)(R - 1) rows. Held, cycle for cycle and value
// for value, to a model of every PE and to RTL in tests/fidelity. Does not model: gating of unused PEs,
// conflicts at the accumulators (one read and one write port assumed).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace arsis::timing {

/// What the depth of a PE makes of the dimensions of a product.
struct PePipeline {
  int64_t latency; // L, cycles; at least 1

  /// Rows that the sums of `k` rows of weights pass, where the sums before leave column 0 during the next
  /// `behind` cycles (none: zero or less).
  int64_t depth(int64_t k, int64_t behind) const { return std::max(k, (behind + latency - 1) / latency); }
  /// From the cycle after the last row entered to the last sum, over `depth` rows and `n` columns.
  int64_t tail(int64_t depth, int64_t n) const { return depth * latency + n - 2; }
  /// For how long after the last row entered a bank of `k` rows of weights is still in use.
  int64_t hold(int64_t k) const { return (latency - 1) * (k - 1); }
};

/// The cycles of a product at the edges of the array.
struct ArrayProduct {
  int64_t fed = 0;   // the cycle after its last row entered
  int64_t first = 0; // of the first sum
  int64_t last = 0;  // of the last sum
};

/// The ports and banks of one array, and when they are free. Work is given in program order, none of it
/// before the cycle that the array names.
class WeightStationary {
public:
  WeightStationary(int64_t peLatencyCycles, int64_t banks)
      : pipeline{peLatencyCycles}, banks(static_cast<size_t>(banks)) {}

  /// The weights of a bank are free to be replaced.
  int64_t bankFree(int64_t bank) const { return banks[static_cast<size_t>(bank)].free; }
  int64_t loadPortFree() const { return loadFree; }
  int64_t loadFrom(int64_t bank) const { return std::max(loadFree, bankFree(bank)); }
  /// Weights enter from cycle `at`, for `cycles`; returns when they are in place.
  int64_t load(int64_t bank, int64_t at, int64_t cycles) {
    return loadFree = banks[static_cast<size_t>(bank)].loaded = at + cycles;
  }

  int64_t loaded(int64_t bank) const { return banks[static_cast<size_t>(bank)].loaded; }
  int64_t feedPortFree() const { return feedFree; }
  int64_t feedFrom(int64_t bank) const { return std::max(feedFree, loaded(bank)); }
  /// Operands for `k` x `n` weights (at least one of each) enter from cycle `at`, for `cycles`.
  ArrayProduct feed(int64_t bank, int64_t at, int64_t cycles, int64_t k, int64_t n) {
    const int64_t depth = pipeline.depth(k, sumsFree - at);
    feedFree = at + cycles;
    sumsFree = feedFree + depth * pipeline.latency;
    Bank &used = banks[static_cast<size_t>(bank)];
    used.free = std::max(used.free, feedFree + pipeline.hold(k));
    return {feedFree, at + depth * pipeline.latency, feedFree + pipeline.tail(depth, n)};
  }

  const PePipeline pipeline;

private:
  struct Bank {
    int64_t loaded = 0; // its weights are in place
    int64_t free = 0;   // no operand on its way needs them
  };
  std::vector<Bank> banks;
  int64_t loadFree = 0, feedFree = 0;
  int64_t sumsFree = 0; // the sums under way have left column 0
};

} // namespace arsis::timing
