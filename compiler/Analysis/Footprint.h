// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which elements of which buffers an engine op touches, as linear forms over the op's own indices.
#ifndef ARSIS_COMPILER_ANALYSIS_FOOTPRINT_H
#define ARSIS_COMPILER_ANALYSIS_FOOTPRINT_H

#include "dialects/Tile/IR/Linear.h"
#include "dialects/Tile/IR/Tile.h"

namespace arsis::compiler {

/// One dimension of the box that an access runs over.
struct FootprintDim {
  int64_t stride; // elements (rows) per step
  int64_t tile;   // most steps
  std::optional<tile::Linear> limit;
};

/// One operand's access. In scratchpad and accumulators: `position` is one offset, every dimension adds its
/// stride. In DRAM: `position` has four coordinates, and dimension d runs along coordinate d.
struct Footprint {
  mlir::Value buffer;
  bool reads = false, writes = false;
  std::vector<tile::Linear> position;
  std::vector<FootprintDim> dims;

  bool isDram() const { return position.size() == 4; }
};

/// The accesses of an engine op, one per buffer operand.
std::vector<Footprint> footprintsOf(tile::EngineOpInterface op);

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

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_ANALYSIS_FOOTPRINT_H
