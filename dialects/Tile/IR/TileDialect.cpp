// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the tile dialect and defines its attributes.
#include "dialects/Tile/IR/Tile.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace arsis::tile;

#include "dialects/Tile/IR/TileDialect.cpp.inc"
#include "dialects/Tile/IR/TileEnums.cpp.inc"
#include "dialects/Tile/IR/TileInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/IR/TileAttributes.cpp.inc"

void TileDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Tile/IR/TileAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Tile/IR/TileOps.cpp.inc"
      >();
}

LogicalResult ExtentsAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> tile,
                                  AffineMap limits) {
  if (limits && limits.getNumResults() != tile.size())
    return emitError() << "expected one limit per dimension: found " << limits.getNumResults()
                       << " limits and " << tile.size() << " dimensions";
  for (int64_t size : tile)
    if (size < 0)
      return emitError() << "expected tile sizes that are not negative, found " << size;
  return success();
}

LogicalResult WaitAttr::verify(function_ref<InFlightDiagnostic()> emitError, StreamKind kind, int64_t index,
                               int64_t counter, AffineMap value) {
  if (value.getNumResults() != 1 || value.getNumSymbols() != 0)
    return emitError() << "expected a map to one value without symbols to wait for, found "
                       << AffineMapAttr::get(value);
  return success();
}

AffineExpr ExtentsAttr::getLimit(unsigned d) const {
  if (!getLimits())
    return {};
  AffineExpr limit = getLimits().getResult(d);
  if (auto constant = dyn_cast<AffineConstantExpr>(limit); constant && constant.getValue() >= getTile()[d])
    return {};
  return limit;
}
