// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The enumerations of the tile dialect as those of the instruction set. Each pair has its cases from one list
// of dialects/Isa/isa.td, which makes the casts right; only here is one written.
#ifndef ARSIS_COMPILER_CONVERSION_TILETOISA_ENUMS_H
#define ARSIS_COMPILER_CONVERSION_TILETOISA_ENUMS_H

#include "dialects/Isa/Encoding/Program.h"
#include "dialects/Isa/IR/Isa.h"
#include "dialects/Tile/IR/Tile.h"

namespace arsis::compiler {

static_assert(tile::getMaxEnumValForStreamKind() == isair::getMaxEnumValForStreamKind());
inline isair::StreamKind toIsa(tile::StreamKind kind) { return static_cast<isair::StreamKind>(kind); }
inline tile::StreamKind toTile(isair::StreamKind kind) { return static_cast<tile::StreamKind>(kind); }

static_assert(tile::getMaxEnumValForTensorRole() == isair::getMaxEnumValForTensorRole());
inline isair::TensorRole toIsa(tile::TensorRole role) { return static_cast<isair::TensorRole>(role); }

static_assert(tile::getMaxEnumValForVectorFunction() + 1 == numerics::kVectorFunctionCount);
inline numerics::VectorFunction toIsa(tile::VectorFunction function) {
  return static_cast<numerics::VectorFunction>(function);
}

inline numerics::ReduceFunction toIsa(tile::ReduceFunction function) {
  return function == tile::ReduceFunction::Sum ? numerics::ReduceFunction::Sum
                                               : numerics::ReduceFunction::Max;
}
/// The same of a window.
inline numerics::PoolFunction toPool(tile::ReduceFunction function) {
  return function == tile::ReduceFunction::Sum ? numerics::PoolFunction::Sum : numerics::PoolFunction::Max;
}

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_CONVERSION_TILETOISA_ENUMS_H
