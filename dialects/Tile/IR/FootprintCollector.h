// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the footprints of an engine op from its views, boxes and coordinates; for the methods
// `getFootprints` of ops.
#ifndef ARSIS_DIALECTS_TILE_IR_FOOTPRINTCOLLECTOR_H
#define ARSIS_DIALECTS_TILE_IR_FOOTPRINTCOLLECTOR_H

#include "dialects/Tile/IR/Tile.h"

namespace arsis::tile {

/// Collects the footprints of one op, access by access.
class FootprintCollector {
public:
  explicit FootprintCollector(EngineOpInterface op) : dims(op.getIndices().size()) {}

  /// An access to which dimensions are still to be added.
  Footprint &buffer(mlir::Value value, mlir::AffineMap position, bool reads, bool writes) {
    Footprint footprint{value, reads, writes, {}, {}};
    for (mlir::AffineExpr expr : position.getResults())
      footprint.position.push_back(*Linear::of(expr, dims));
    result.push_back(footprint);
    return result.back();
  }

  /// Adds the dimensions of a box, each with its stride.
  void box(Footprint &footprint, ExtentsAttr extents, llvm::ArrayRef<int64_t> strides) {
    for (unsigned d = 0; d < extents.getRank(); ++d) {
      FootprintDim dim{strides[d], extents.getTile()[d], std::nullopt};
      if (mlir::AffineExpr limit = extents.getLimit(d))
        dim.limit = Linear::of(limit, dims);
      footprint.dims.push_back(dim);
    }
  }

  /// Adds the positions inside a window.
  void window(Footprint &footprint, llvm::ArrayRef<int64_t> window, llvm::ArrayRef<int64_t> strides) {
    for (auto [size, stride] : llvm::zip_equal(window, strides))
      footprint.dims.push_back({stride, size, std::nullopt});
  }

  /// An access through a view.
  void view(mlir::Value value, ViewAttr view, ExtentsAttr extents, bool reads, bool writes) {
    box(buffer(value, view.getOffset(), reads, writes), extents, view.getStrides());
  }

  /// An access to DRAM: read, or written.
  void tensor(mlir::Value value, mlir::AffineMap coordinates, ExtentsAttr extents, bool writes) {
    box(buffer(value, coordinates, !writes, writes), extents,
        llvm::SmallVector<int64_t>(extents.getRank(), 1));
  }

  std::vector<Footprint> result;

private:
  unsigned dims;
};

} // namespace arsis::tile

#endif // ARSIS_DIALECTS_TILE_IR_FOOTPRINTCOLLECTOR_H
