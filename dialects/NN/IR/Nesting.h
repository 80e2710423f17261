// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bound on how deep text nests, held before it is parsed: MLIR's parser calls itself for every bracket, so
// that a file of some ten thousand of them would leave the stack.

#ifndef ARSIS_DIALECTS_NN_IR_NESTING_H
#define ARSIS_DIALECTS_NN_IR_NESTING_H

#include <string>
#include <string_view>

namespace arsis::nn {

// Deeper than any module of ours nests, by a factor of ten, and shallow enough for a stack of 1 MB.
inline constexpr int kDeepestNesting = 200;

// Empty if brackets (round, square, curly, angle) and signs in a row nest no deeper than kDeepestNesting
// outside of strings and comments; else "line 3 nests deeper than 200 brackets".
std::string checkNesting(std::string_view text);

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_NESTING_H
