// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sequential meaning of tile IR, written to be read: one op after the other, one element after the other.
// Buffers are separate pieces of host memory; every generation of a ring starts poisoned, and reading poison
// or leaving a buffer is an error. It shares nothing with the simulator but the scalar numerics.
#ifndef ARSIS_TESTS_COMPILER_CONVERSION_NNTOTILE_TILEINTERPRETER_H
#define ARSIS_TESTS_COMPILER_CONVERSION_NNTOTILE_TILEINTERPRETER_H

#include "dialects/Tile/IR/Tile.h"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace arsis::testing {

/// 4-byte elements; bits of f32 or i32.
using Words = std::vector<uint32_t>;

/// Thrown with the op and the reason.
struct TileFault : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Limits that a chip puts on single instructions.
struct TileLimits {
  int64_t rows, cols, weightBanks, maxLoops = 8;
};

/// Runs a program on tensors by name; tensors without a value start from their initial value, else poisoned.
/// Returns all tensors.
std::map<std::string, Words>
runTileProgram(tile::ProgramOp program, const std::map<std::string, Words> &inputs, const TileLimits &limits);

} // namespace arsis::testing

#endif
