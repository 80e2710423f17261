// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inner loops of a matrix stream, walked in one step. Most instances of a program are pairs of a
// load_weights and its multiply in loops that step through the taps and chunks of one product. Where waits,
// extents and ring slots do not depend on those loops, the pairs differ by constant distances only: together
// they touch three strided sets. If these sets are sound, so is every pair; if not, the walk takes the pairs
// one by one and finds out which is not.
#pragma once

#include "dialects/Isa/Encoding/Program.h"

#include <map>

namespace arsis::isa {

struct ProductNest {
  /// Of a nest at once, so that what is remembered of it can be taken apart in bounded time.
  static constexpr int64_t kMostIterations = 4096;

  const LoadWeights *load = nullptr;
  const Multiply *multiply = nullptr;
  unsigned depth = 0;                                             // of the outermost of its loops
  boost::container::static_vector<int64_t, kMaxLoopDepth> counts; // of its loops, outermost first
  int64_t iterations = 1;

  /// Whether the loops of the nest stand at their first iteration.
  bool begins(const int64_t *index) const {
    for (size_t level = 0; level < counts.size(); ++level)
      if (index[depth + level] != 0)
        return false;
    return true;
  }
};

/// The nests of a stream by the position of their multiply. REQUIRES: a validated program.
std::map<size_t, ProductNest> findProductNests(const Stream &);

} // namespace arsis::isa
