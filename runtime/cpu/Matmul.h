// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix product c = op(a) * op(b), op transposing on demand. Plan dims (k).
#pragma once

#include "runtime/common/ReductionPlan.h"
#include "runtime/cpu/Contraction.h"

namespace arsis::ref {

/// a is rows x depth (depth x rows if transposed), b is depth x columns (columns x depth if transposed), c is
/// rows x columns.
template <class T>
void matmul(int64_t rows, int64_t depth, int64_t columns, bool transposeA, bool transposeB, const T *a,
            const T *b, T *c, const ReductionPlan *plan) {
  std::vector<T> turned;
  if (transposeB) {
    turned.resize(depth * columns);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t n = 0; n < columns; ++n)
        turned[k * columns + n] = b[n * depth + k];
    b = turned.data();
  }
  ContractionChunks chunks;
  for (const Chunk &box : chunksOf(plan, {"k"}, {depth}, true)) {
    chunks.emplace_back();
    for (int64_t k = box[0].begin; k < box[0].end; ++k)
      chunks.back().push_back(k);
  }
  auto fillRow = [&](int64_t m, size_t chunk, T *row) {
    for (int64_t k : chunks[chunk])
      *row++ = transposeA ? a[k * rows + m] : a[m * depth + k];
  };
  contract<T>(rows, columns, b, chunks, plan, fillRow, [&](int64_t m) { return c + m * columns; });
}

} // namespace arsis::ref
