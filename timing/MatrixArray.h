// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a weight-stationary array and its drain ask of their ports, each piece of work alone: weights that
// enter at the top, a row of K per cycle; rows of M, one per cycle; accumulator rows, drained one per cycle
// after a pipeline of two stages. How pieces follow each other, and when their sums come:
// timing/WeightStationary.h. Where k < R, a load takes k cycles, and in no case does a larger array take
// longer for the same work.
//
// Passes: operands of a type that the multipliers do not take are split into parts of one that they do, and
// the products of the parts add up (Henry, Tang and Heinecke, arXiv 1904.06376; XLA's six bf16 products for
// one of fp32). Each pass is taken as a product of its own: it loads its weights and streams its rows, and
// reads both from the scratchpad. A bank holds the weights of all passes, so they follow each other without a
// gap. An emulation that keeps a part of the weights for the passes that share it would load less (three
// parts for six passes); that shows where fewer rows are streamed than loaded.
//
// Operands: a row whose elements meet in scratchpad banks takes as many cycles as the fullest bank has words
// of it, all pieces of K together. With matrix.transposer a block of R rows can instead be read along M, K
// beats of up to R elements, while the block before it streams; the cheaper way is taken. The same holds for
// weights along K and N. Figures: keys `matrix.*`; the drain's pipeline is assumed (read, cast and write).
#pragma once

#include "arch_configs/reader/MatrixPasses.h"
#include "timing/Banks.h"
#include "timing/WeightStationary.h"

namespace arsis::timing {

/// Cycles that a port of the array is held, and what it asks of the scratchpad meanwhile.
struct ArrayUse {
  int64_t cycles = 0;
  int64_t words = 0;
};

class MatrixArray {
public:
  explicit MatrixArray(const chip::Chip &chip);
  MatrixArray(int64_t rows, int64_t columns, bool transposer, const Banks &banks,
              const chip::MatrixPasses &passes = {}, int64_t peLatencyCycles = 1);

  /// K x N weights of a type: the box of K, then the columns as innermost axis, once for each pass. At least
  /// a cycle for each row of K and pass. REQUIRES, as feed: the array multiplies the type.
  ArrayUse load(const Walk &weights, numerics::ElementType type) const;
  /// A product: rows of M outside, each needing its box of K at once, all of them once for each pass. At
  /// least a cycle for each row of M and pass.
  ArrayUse feed(const Walk &operand, numerics::ElementType type) const;
  /// The box of M outside, each row writing its columns at once. At least a cycle for each row of M.
  ArrayUse drain(const Walk &destination) const;
  static constexpr int64_t kDrainPipelineCycles = 2;
  const int64_t rows, columns;
  const bool transposer;
  const Banks banks;
  const chip::MatrixPasses passes;
  const PePipeline pipeline;

private:
  ArrayUse loadOnce(const Walk &weights) const;
  ArrayUse feedOnce(const Walk &operand) const;
  ArrayUse direct(const Walk &walk) const;
  ArrayUse transposedLoad(const Walk &weights) const;
  ArrayUse transposedFeed(const Walk &operand) const;

  mutable Memo<ArrayUse, 18> loads, feeds, drains;
};

} // namespace arsis::timing
