// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operands of instructions from the attributes of tile ops: affine maps over a tile op's indices become
// affine values over the hardware loops around it.
#ifndef ARSIS_COMPILER_CONVERSION_TILETOISA_OPERANDS_H
#define ARSIS_COMPILER_CONVERSION_TILETOISA_OPERANDS_H

#include "compiler/Target/Narrow.h"
#include "dialects/Isa/Encoding/Program.h"
#include "dialects/Tile/IR/Linear.h"
#include "dialects/Tile/IR/Tile.h"
#include "llvm/ADT/DenseMap.h"

namespace arsis::compiler {

isa::ElementType elementTypeOf(mlir::Value buffer);

/// Converts the operands of one engine op.
class OperandConverter {
public:
  /// `tensorIndex` finds a DRAM value in the tensor table; it must outlive the converter.
  OperandConverter(tile::EngineOpInterface op, llvm::function_ref<size_t(mlir::Value)> tensorIndex);

  isa::TensorIndex tensor(mlir::Value value) {
    return narrow.to<uint16_t>(tensorIndex(value), "number in the tensor table");
  }
  isa::Affine affine(mlir::AffineExpr expr) const;
  isa::Affine affine(mlir::AffineMap map) const { return affine(map.getResult(0)); }
  /// Where a view begins: planned address, slot of the generation, offset.
  isa::Address address(mlir::Value buffer, mlir::AffineMap offset);
  isa::Extent extent(tile::ExtentsAttr extents, unsigned d) const;

  template <size_t N> std::array<isa::Extent, N> extents(tile::ExtentsAttr attr) const {
    std::array<isa::Extent, N> result;
    for (unsigned d = 0; d < N; ++d)
      result[d] = extent(attr, d);
    return result;
  }
  template <size_t N> std::array<isa::Affine, N> affines(mlir::AffineMap map) const {
    std::array<isa::Affine, N> result;
    for (unsigned d = 0; d < N; ++d)
      result[d] = affine(map.getResult(d));
    return result;
  }
  template <size_t N> std::array<int32_t, N> strides(llvm::ArrayRef<int64_t> values, llvm::StringRef field) {
    return narrow.toArray<int32_t, N>(values, field);
  }

  Narrow narrow; // of the op; its result says whether every number fits

private:
  llvm::function_ref<size_t(mlir::Value)> tensorIndex;
  llvm::SmallVector<unsigned> depth; // of the loop of each index
  llvm::SmallVector<int64_t> trips;  // of the loop of each index
};

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_CONVERSION_TILETOISA_OPERANDS_H
