// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The first of the three descriptions: times from timing/, values from plain loops. And the programs that all
// three are given.
#pragma once

#include "tests/fidelity/Programs.h"

#include <random>

namespace arsis::fidelity {

/// Random operands of 16 bits for tiles that fit the array.
Program fill(const std::vector<Tile> &tiles, std::mt19937 &random);

Record modelledWeightStationary(const Shape &shape, const Program &program);
Record modelledOutputStationary(const Shape &shape, const Program &program);

/// Up to six tiles: of any size, of full size, or consecutive ones of a forward pass, an input gradient or a
/// weight gradient of a small convolution, its last chunks and columns included.
Program anyWeightStationary(const Shape &shape, std::mt19937 &random);
Program anyOutputStationary(const Shape &shape, std::mt19937 &random);

} // namespace arsis::fidelity
