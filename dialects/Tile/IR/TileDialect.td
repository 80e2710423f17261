// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tile dialect: sequential loop nests over buffers in named memories, one op per piece of work of an engine.
#ifndef ARSIS_TILE_DIALECT
#define ARSIS_TILE_DIALECT

include "mlir/IR/OpBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::arsis::tile";
  let summary = "sequential loop nests, buffers in named memories, engine ops";
  let description = [{
    A `tile.program` is executed in order, one engine op after the other; that is its whole meaning. Buffers live in
    DRAM (`tile.tensor`), in the scratchpad or in the accumulators of a matrix unit (`tile.alloc`). Engine ops take
    whole buffers, loop indices, and attributes that say which elements: every coordinate, offset and limit is an
    affine map of the op's indices, so nothing is computed outside the engines. Synchronisation appears only after
    `tile-split-streams`, which derives it from the memory effects declared here.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

#endif // ARSIS_TILE_DIALECT
