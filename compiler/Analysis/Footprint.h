// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What passes ask about accesses of engine ops: bounds of a footprint, buffers without positions, loops with
// known trip counts.
#ifndef ARSIS_COMPILER_ANALYSIS_FOOTPRINT_H
#define ARSIS_COMPILER_ANALYSIS_FOOTPRINT_H

#include "dialects/Tile/IR/Tile.h"

namespace arsis::compiler {

using tile::Footprint;
using tile::FootprintDim;

/// The buffers of an op with its declared effects, merged per buffer; no positions.
struct Touch {
  mlir::Value buffer;
  bool reads = false, writes = false;
};
llvm::SmallVector<Touch> touchesOf(mlir::Operation *op);

/// Smallest and largest offset of an access in scratchpad or accumulators, for indices 0 .. trips-1.
/// An upper bound of the span: exact when at most the op's own clamps vary.
std::pair<int64_t, int64_t> offsetRange(const Footprint &footprint, llvm::ArrayRef<int64_t> trips);

/// Number of iterations of a loop with constant bounds from 0 in steps of 1; none for any other loop.
std::optional<int64_t> tripCount(mlir::scf::ForOp loop);

/// The trip counts of an op's indices. REQUIRES: they are induction variables of loops with a trip count.
llvm::SmallVector<int64_t> tripCountsOf(tile::EngineOpInterface op);

/// The tensor whose bytes a DRAM value names, through aliases.
tile::TensorOp rootTensor(mlir::Value value);

/// The tensors of DRAM that an op writes by its declared effects.
llvm::SmallVector<tile::TensorOp> tensorsWrittenBy(tile::EngineOpInterface op);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_ANALYSIS_FOOTPRINT_H
