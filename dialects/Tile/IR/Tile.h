// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tile dialect in C++: include this one header for its ops, attributes and interface.
#ifndef ARSIS_DIALECTS_TILE_IR_TILE_H
#define ARSIS_DIALECTS_TILE_IR_TILE_H

#include "dialects/Tile/IR/Footprint.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Tile/IR/TileDialect.h.inc"
#include "dialects/Tile/IR/TileEnums.h.inc"

namespace arsis::tile {
/// A stream of instructions: all instructions of one stream start and become visible in order.
struct StreamId {
  StreamKind kind;
  int64_t index;
  bool operator==(const StreamId &other) const { return kind == other.kind && index == other.index; }
  bool operator!=(const StreamId &other) const { return !(*this == other); }
  bool operator<(const StreamId &other) const {
    return kind != other.kind ? kind < other.kind : index < other.index;
  }
};

/// One of the counters that a stream increments.
struct CounterId {
  StreamId stream;
  int64_t number;
  bool operator==(const CounterId &other) const { return stream == other.stream && number == other.number; }
  bool operator!=(const CounterId &other) const { return !(*this == other); }
  bool operator<(const CounterId &other) const {
    return stream != other.stream ? stream < other.stream : number < other.number;
  }
};
} // namespace arsis::tile

#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/IR/TileAttributes.h.inc"

#include "dialects/Tile/IR/TileInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/Tile/IR/TileOps.h.inc"

#endif // ARSIS_DIALECTS_TILE_IR_TILE_H
