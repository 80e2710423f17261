// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which DRAM tensor holds which value of a function: its arguments and results become named tensors of the
// program.
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_STORAGE_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_STORAGE_H

#include "compiler/Conversion/NNToTile/Tensors.h"
#include "compiler/Schedule/ChipLimits.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace arsis::compiler {

/// A result that could not be computed in its place and is copied there at the end.
struct LateCopy {
  mlir::Value value;  // nn value
  mlir::Value tensor; // where it belongs
  mlir::Location location;
};

/// Emits the copies as if all happened at once: whoever reads a tensor comes before the copy that overwrites
/// it, and a cycle (two states that change places) goes through a temporary tensor.
void emitLateCopies(llvm::ArrayRef<LateCopy> copies, tile::TileBuilder &b, Tensors &tensors,
                    const schedule::ChipLimits &limits);

/// Declares the tensors of arguments and results at the builder's place and binds values to them.
mlir::LogicalResult placeArgumentsAndResults(mlir::func::FuncOp function, tile::TileBuilder &b,
                                             Tensors &tensors, llvm::SmallVectorImpl<LateCopy> &copies);

} // namespace arsis::compiler

#endif
