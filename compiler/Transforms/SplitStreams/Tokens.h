// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The waits between streams, as values of counters.
#ifndef ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_TOKENS_H
#define ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_TOKENS_H

#include "compiler/Transforms/SplitStreams/Schedule.h"

namespace arsis::compiler {

/// Wait until a counter of `stream` has reached `value` over the loops around the waiting op, outermost
/// first.
struct TokenWait {
  int stream, counter;
  tile::Linear value;
};

struct OpTokens {
  llvm::SmallVector<TokenWait, 2> waits;
  /// Constant waits of a nest, moved in front of the nest because an op inside has too many.
  llvm::SmallVector<TokenWait, 0> hoisted;
  bool increments = false;
  int counter = 0; ///< of its stream
};

struct Tokens {
  std::vector<OpTokens> ops; // one per op of the schedule
};

Tokens deriveTokens(const Schedule &schedule);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_TOKENS_H
