// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which elements of which buffers an engine op touches, as linear forms over the op's own indices.
#ifndef ARSIS_DIALECTS_TILE_IR_FOOTPRINT_H
#define ARSIS_DIALECTS_TILE_IR_FOOTPRINT_H

#include "dialects/Tile/IR/Linear.h"
#include "mlir/IR/Value.h"
#include <optional>
#include <vector>

namespace arsis::tile {

/// One dimension of the box that an access runs over.
struct FootprintDim {
  int64_t stride; // elements (rows) per step
  int64_t tile;   // most steps
  std::optional<Linear> limit;
};

/// One operand's access, over the op's own indices. In scratchpad and accumulators: `position` is one offset,
/// every dimension adds its stride. In DRAM: `position` has four coordinates, and dimension d runs along
/// coordinate d.
struct Footprint {
  mlir::Value buffer;
  bool reads = false, writes = false;
  std::vector<Linear> position;
  std::vector<FootprintDim> dims;

  bool isDram() const { return position.size() == 4; }
};

} // namespace arsis::tile

#endif // ARSIS_DIALECTS_TILE_IR_FOOTPRINT_H
