// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layout as tile IR: loops and operations one for one, in order. Nothing is decided here.
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_EMITLAYOUT_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_EMITLAYOUT_H

#include "compiler/Schedule/Layout.h"
#include "dialects/Tile/IR/Builders.h"

namespace arsis::compiler {

/// Emits at the builder's place. `tensors` has a DRAM tensor for each of the layout's, in its shape;
/// `columns` is the width of the accumulators.
void emitLayout(const schedule::Layout &layout, llvm::ArrayRef<mlir::Value> tensors, int64_t columns,
                tile::TileBuilder &builder);

} // namespace arsis::compiler

#endif
