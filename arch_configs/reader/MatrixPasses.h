// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which types the arrays of a chip multiply, and at what cost. Two operands of one type are multiplied in so
// many passes: 1 where the array's own multipliers do, more where products of a narrower type are added up
// instead, 0 where the array does not multiply the type. Whatever the type, sums are fp32.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Numerics/ElementType.h"

#include <array>

namespace arsis::chip {

/// The types that an array can multiply.
constexpr std::array<numerics::ElementType, 3> kMultipliedTypes = {
    numerics::ElementType::F32, numerics::ElementType::BF16, numerics::ElementType::F16};

/// The chip's key for a type: "matrix.bf16_passes". REQUIRES: one of kMultipliedTypes.
constexpr std::string_view passesKey(numerics::ElementType type) {
  constexpr std::string_view keys[] = {"matrix.fp32_passes", "matrix.bf16_passes", "matrix.fp16_passes"};
  return keys[static_cast<size_t>(type)];
}

class MatrixPasses {
public:
  /// One pass for every type.
  MatrixPasses() { passes.fill(1); }
  explicit MatrixPasses(const Chip &chip) {
    for (numerics::ElementType type : kMultipliedTypes)
      passes[static_cast<size_t>(type)] = chip.integer(passesKey(type));
  }
  /// REQUIRES: one of kMultipliedTypes.
  int64_t of(numerics::ElementType type) const { return passes[static_cast<size_t>(type)]; }

private:
  std::array<int64_t, kMultipliedTypes.size()> passes;
};

} // namespace arsis::chip
