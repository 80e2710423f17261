// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operands of instructions from the attributes of tile ops.
#include "compiler/Conversion/TileToIsa/Operands.h"

#include "compiler/Analysis/ElementTypes.h"
#include "compiler/Analysis/Footprint.h"
#include "compiler/Transforms/PlanMemory/PlanMemory.h"

using namespace mlir;

namespace arsis::compiler {

isa::ElementType elementTypeOf(Value buffer) {
  return toElementType(cast<MemRefType>(buffer.getType()).getElementType());
}

/// Number of loops around an op inside its stream.
static unsigned depthOf(Operation *op) {
  unsigned depth = 0;
  for (Operation *up = op->getParentOp(); mlir::isa<scf::ForOp>(up); up = up->getParentOp())
    ++depth;
  return depth;
}

OperandConverter::OperandConverter(tile::EngineOpInterface op, llvm::function_ref<size_t(Value)> tensorIndex)
    : narrow(op), tensorIndex(tensorIndex) {
  for (Value index : op.getIndices()) {
    auto loop = cast<scf::ForOp>(cast<BlockArgument>(index).getOwner()->getParentOp());
    depth.push_back(depthOf(loop));
    trips.push_back(*tripCount(loop));
  }
}

isa::Affine OperandConverter::affine(AffineExpr expr) const {
  tile::Linear linear = *tile::Linear::of(expr, depth.size());
  isa::Affine result(linear.constant);
  for (auto [loop, trip, stride] : llvm::zip_equal(depth, trips, linear.coefficients))
    if (trip > 1)
      isa::addTerm(result.terms, loop, stride);
  return result;
}

isa::Extent OperandConverter::extent(tile::ExtentsAttr extents, unsigned d) const {
  int64_t tile = extents.getTile()[d];
  AffineExpr limit = extents.getLimit(d);
  if (!limit || tile::Linear::of(limit, trips.size())->minimum(trips) >= tile)
    return isa::Extent(tile);
  return isa::Extent(tile, affine(limit));
}

isa::Address OperandConverter::address(Value buffer, AffineMap offset) {
  auto alloc = buffer.getDefiningOp<tile::AllocOp>();
  int64_t unit = alloc.isAccumulator() ? 1 : alloc.getBufferType().getElementTypeBitWidth() / 8;
  isa::Affine position = affine(offset);
  isa::Address result(*alloc.getAddress() + position.base * unit);
  for (const isa::Term &term : position.terms)
    isa::addTerm(result.strides, term.loop, term.stride * unit);
  int64_t slots = alloc.getSlots();
  if (slots == 1)
    return result;
  // The generation is the number of executions of the alloc before; only its remainder matters.
  int64_t executions = 1;
  for (Operation *up = alloc->getParentOp(); mlir::isa<scf::ForOp>(up); up = up->getParentOp()) {
    isa::addTerm(result.slot.terms, depthOf(up), executions % slots);
    executions *= *tripCount(cast<scf::ForOp>(up));
  }
  if (result.slot.isConstant())
    return result;
  result.slots = narrow.to<uint32_t>(slots, "number of slots of \"" + alloc.getName().str() + "\"");
  result.slotSize = llvm::alignTo(alloc.getSlotSize(), alloc.isAccumulator() ? 1 : kAlignmentBytes);
  return result;
}

} // namespace arsis::compiler
