// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products on the simulated machine, as tests of the array give them.
#pragma once

#include "tests/simulator/Support.h"

#include <algorithm>
#include <string>
#include <vector>

namespace arsis::sim::test {

/// A product: `rows` of M through an array that holds `k` rows of weights, in `n` columns, or all, which are
/// loaded first unless those of the product before stay.
struct Fold {
  int64_t rows, k, n = 0;
  bool loads = true;
};

/// Cycles from the first weight load to the last completion on the simulated machine, whose arrays multiply
/// fp32 in so many passes.
inline int64_t simulated(int64_t R, int64_t C, const std::vector<Fold> &folds, int64_t passes = 1,
                         int64_t peLatency = 1, int64_t banks = 2) {
  std::string text = "arsis 1\ndram 64\nlocation 0 layer l phase fwd op conv\nstream matrix 0\n";
  int bank = -1;
  for (const auto &[rows, k, n, loads] : folds) {
    bank += loads ? 1 : 0;
    const std::string t = std::to_string(rows), r = std::to_string(k), b = std::to_string(bank);
    if (loads)
      text += "  load_weights bank=" + b + ", source=0, kCount=[1, 1, " + r + "], kStride=[0, 0, " +
              std::to_string(C) + "], nCount=" + std::to_string(n > 0 ? n : C) + ", nStride=1, type=f32\n";
    text += "  multiply bank=" + b + ", source=0, mCount=[1, 1, " + t + "], mStride=[0, 0, " + r +
            "], kCount=[1, 1, " + r +
            "], kStride=[0, 0, 1], type=f32, acc=0, accStride=[0, 0, 1], accumulate=0\n";
  }
  const chip::Chip chip = chipWith({{"matrix.rows", static_cast<double>(R)},
                                    {"matrix.cols", static_cast<double>(C)},
                                    {"matrix.pe_latency_cycles", static_cast<double>(peLatency)},
                                    {"matrix.weight_banks", static_cast<double>(banks)},
                                    {"matrix.accumulator_rows", 512},
                                    {"matrix.fp32_passes", static_cast<double>(passes)},
                                    {"scratchpad.banks", 256},
                                    {"scratchpad.kib", 256},
                                    {"frontend.fetch_bytes_per_cycle", 4096}});
  const RunRecord record = timing(*programOf(text), chip);
  const int64_t first = record.tracer->instructions.front().begin;
  int64_t last = 0, begin = first;
  for (const TraceEntry &entry : record.tracer->instructions) {
    begin = std::min(begin, entry.begin);
    last = std::max(last, entry.end);
  }
  return last - begin;
}

} // namespace arsis::sim::test
