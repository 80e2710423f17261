// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How long a reduction keeps the lanes of a vector unit. Models: the tree of the instruction `reduce`
// (docs/isa.md). Each of `kept` results has P = min(16, reduced) partials; a partial takes one element per
// step, and of the P - 1 combinations of partials one level after the other, ceil(log2 P) levels, each
// combination a step of one lane. A lane works on any partial of any result, so no lane idles while a step
// could be taken. Does not model: the latency of a pipelined adder, the wires between lanes, the banks that
// the elements come from. Figures: none of its own; cycles per step are the chip's `vector.cycles_simple`.
#pragma once

#include "dialects/Isa/Numerics/Numerics.h"

#include <algorithm>
#include <cstdint>

namespace arsis::timing {

/// Steps of `lanes` lanes, the least that the order allows: per result reduced + P - 1 of them, of which
/// 2^k - 1 lie in the last k levels, and the longest chain is ceil(reduced / 16) and all levels. Hence
///   max(levels + ceil(reduced / 16), max over k <= levels of k + ceil(kept (reduced + P - 2^k) / lanes)).
/// That bound is reached by taking the step farthest from its result first (T. C. Hu, Parallel sequencing and
/// assembly line problems, Operations Research 9(6), 1961). At most 16 kept lanes are of use, and more lanes
/// never take longer. REQUIRES: all at least 1, kept * reduced at most 2^31.
constexpr int64_t reductionSteps(int64_t kept, int64_t reduced, int64_t lanes) {
  const int64_t partials = std::min(numerics::kReductionPartials, reduced);
  auto ceiled = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  int64_t steps = 0, levels = 0;
  for (int64_t last = 1;; last *= 2, ++levels) { // last = 2^levels
    steps = std::max(steps, levels + ceiled(kept * (reduced + partials - last), lanes));
    if (last >= partials)
      break;
  }
  return std::max(steps, levels + ceiled(reduced, numerics::kReductionPartials));
}

} // namespace arsis::timing
