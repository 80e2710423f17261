// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one loop nest under every convolution and matrix product:
//   for each chunk of K in plan order:  partial[n] = +0;  for k of the chunk: partial[n] = fma(a[m][k],
//   b[k][n], partial[n])
//                                       total[m][n] = first chunk ? partial[n] : total[m][n] + partial[n]
// or, if the plan's chunks continue, one partial for all of them.
// B is dense with its columns innermost, A is gathered row by row (padding is gathered as +0 and takes part).
// The result does not depend on how rows and columns are blocked, because every (m, n) is an independent
// chain.
#pragma once

#include "runtime/common/ReductionPlan.h"
#include "runtime/cpu/Arithmetic.h"

#include <cstdint>
#include <vector>

namespace arsis::ref {

/// The K indices of each chunk, chunks in plan order, indices in the op's own order.
using ContractionChunks = std::vector<std::vector<int64_t>>;

/// One chunk for a block of rows. a is rows x depth, bRow[k] points at row k of B, total[m] at `columns`
/// elements.
void accumulateChunk(const float *a, const float *const *bRow, float *const *total, int64_t rows,
                     int64_t depth, int64_t columns, bool first);
void accumulateChunk(const double *a, const double *const *bRow, double *const *total, int64_t rows,
                     int64_t depth, int64_t columns, bool first);

/// fillRow(m, chunk, out) writes A's row m for the chunk with that index; totalRow(m) points at the result's
/// row. Without chunks every result is +0.
template <class T, class FillRow, class TotalRow>
void contract(int64_t rows, int64_t columns, const T *b, const ContractionChunks &chunks,
              const ReductionPlan *plan, FillRow fillRow, TotalRow totalRow) {
  constexpr int64_t kMaxBlockRows = 64,
                    kMaxBlockElements = 1 << 18; // A's block stays in a second-level cache
  // Chains: of the first chunk of each on to the next one's.
  std::vector<size_t> chains;
  for (size_t index = 0; index <= chunks.size(); ++index)
    if (index == 0 || index == chunks.size() || !plan || !plan->continues)
      chains.push_back(index);
  size_t deepest = 1;
  for (size_t chain = 0; chain + 1 < chains.size(); ++chain) {
    size_t depth = 0;
    for (size_t index = chains[chain]; index < chains[chain + 1]; ++index)
      depth += chunks[index].size();
    deepest = std::max(deepest, depth);
  }
  const int64_t blockRows =
      std::clamp<int64_t>(kMaxBlockElements / static_cast<int64_t>(deepest), 4, kMaxBlockRows);
  std::vector<T> a(blockRows * deepest);
  std::vector<const T *> bRow(deepest);
  std::vector<T *> total(blockRows);
  for (int64_t begin = 0; begin < rows; begin += blockRows) {
    const int64_t block = std::min(blockRows, rows - begin);
    for (int64_t m = 0; m < block; ++m) {
      total[m] = totalRow(begin + m);
      std::fill_n(total[m], columns, T(0));
    }
    for (size_t chain = 0; chain + 1 < chains.size(); ++chain) {
      size_t depth = 0;
      for (size_t index = chains[chain]; index < chains[chain + 1]; ++index)
        for (int64_t k : chunks[index])
          bRow[depth++] = b + k * columns;
      for (int64_t m = 0; m < block; ++m) {
        T *to = a.data() + m * depth;
        for (size_t index = chains[chain]; index < chains[chain + 1]; to += chunks[index++].size())
          fillRow(begin + m, index, to);
      }
      accumulateChunk(a.data(), bRow.data(), total.data(), block, depth, columns, chain == 0);
    }
    for (int64_t m = 0; m < block; ++m)
      for (int64_t n = 0; n < columns; ++n)
        total[m][n] = canonical(total[m][n]);
  }
}

} // namespace arsis::ref
