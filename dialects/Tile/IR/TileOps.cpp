// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers and methods of the tile dialect's structural ops.
#include "dialects/Tile/IR/Tile.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace arsis::tile;

#define GET_OP_CLASSES
#include "dialects/Tile/IR/TileOps.cpp.inc"

/// Bytes of a value of this type in memory, or 0 if the chip knows no such type.
static int64_t elementBytes(Type type) {
  if (type.isF32() || type.isInteger(32))
    return 4;
  return type.isBF16() || type.isF16() ? 2 : 0;
}

static LogicalResult verifyElementType(Operation *op, MemRefType type) {
  if (!elementBytes(type.getElementType()))
    return op->emitOpError() << "has element type " << type.getElementType()
                             << ", expected f32, bf16, f16 or i32";
  if (!arsis::nn::isWithinLimits(type.getShape()))
    return op->emitOpError() << "has type " << type << ", expected extents from 1 to "
                             << arsis::isa::kLargestExtent << " and at most " << arsis::isa::kLargestTensor
                             << " elements";
  return success();
}

static LogicalResult verifyAddress(Operation *op, std::optional<uint64_t> address) {
  if (address && *address > arsis::isa::kLargestDram)
    return op->emitOpError() << "has address " << int64_t(*address) << ", expected 0 to "
                             << arsis::isa::kLargestDram;
  return success();
}

LogicalResult ProgramOp::verify() {
  for (NamedAttribute entry : getRequirements().value_or(DictionaryAttr::get(getContext())))
    if (auto value = dyn_cast<IntegerAttr>(entry.getValue());
        !value || !value.getType().isSignlessInteger(64))
      return emitOpError() << "requires " << entry.getName() << " to be " << entry.getValue()
                           << ", expected an i64";
  return success();
}

LogicalResult TensorOp::verify() {
  MemRefType type = getType();
  if (failed(verifyElementType(*this, type)))
    return failure();
  if (type.getRank() > 4)
    return emitOpError() << "has rank " << type.getRank() << ", expected at most 4";
  if (failed(verifyAddress(*this, getAddress())))
    return failure();
  if (getHostPermutation().has_value() != getHostShape().has_value())
    return emitOpError("needs both host_shape and host_permutation, or neither");
  if (auto permutation = getHostPermutation()) {
    ArrayRef<int64_t> hostShape = *getHostShape();
    if (int64_t(permutation->size()) != type.getRank() || hostShape.size() != permutation->size())
      return emitOpError() << "has a host layout of rank " << hostShape.size() << ", expected "
                           << type.getRank();
    SmallVector<bool> seen(permutation->size(), false);
    for (auto [host, chip] : llvm::enumerate(*permutation)) {
      if (chip < 0 || chip >= type.getRank() || seen[chip])
        return emitOpError("has a host_permutation that is no permutation");
      seen[chip] = true;
      if (hostShape[host] != type.getDimSize(chip))
        return emitOpError() << "has host dimension " << host << " of size " << hostShape[host]
                             << ", expected " << type.getDimSize(chip);
    }
  }
  if (auto initial = getInitial()) {
    auto shaped = cast<ShapedType>(initial->getType());
    if (shaped.getElementType() != type.getElementType() || shaped.getNumElements() != type.getNumElements())
      return emitOpError() << "has an initial value of type " << shaped << ", expected the elements of "
                           << type;
  }
  return success();
}

LogicalResult AliasOp::verify() {
  MemRefType from = getSource().getType(), to = getType();
  if (failed(verifyElementType(*this, to)))
    return failure();
  if (to.getRank() > 4)
    return emitOpError() << "has rank " << to.getRank() << ", expected at most 4";
  if (getStrides())
    return verifyPart();
  if (from.getElementType() != to.getElementType() || from.getNumElements() != to.getNumElements())
    return emitOpError() << "changes " << from << " to " << to << ", expected equal element type and count";
  if (getOffset() != 0 || getName())
    return emitOpError("has an offset or a name but no strides, expected those of a part");
  if (auto source = getSource().getDefiningOp<AliasOp>(); source && source.getStrides())
    return emitOpError("is another shape of a part, expected a part of the tensor itself");
  return success();
}

/// Elements lie apart, and within the source.
LogicalResult AliasOp::verifyPart() {
  MemRefType from = getSource().getType(), to = getType();
  ArrayRef<int64_t> strides = *getStrides();
  if (!getSource().getDefiningOp<TensorOp>())
    return emitOpError("is a part of another shape, expected a part of a tensor");
  if (from.getElementType() != to.getElementType())
    return emitOpError() << "changes " << from << " to " << to << ", expected equal element types";
  if (int64_t(strides.size()) != to.getRank())
    return emitOpError() << "has " << strides.size() << " strides, expected " << to.getRank();
  SmallVector<std::pair<int64_t, int64_t>> dimensions; // stride, extent
  for (auto [stride, extent] : llvm::zip_equal(strides, to.getShape()))
    if (extent > 1)
      dimensions.push_back({stride, extent});
  llvm::sort(dimensions);
  int64_t last = 0; // the element furthest behind the first
  for (auto [stride, extent] : dimensions) {
    if (stride <= last || stride > arsis::isa::kLargestTensor)
      return emitOpError() << "has a stride of " << stride << ", expected more than the " << last
                           << " that the dimensions inside span, and at most " << arsis::isa::kLargestTensor;
    if (extent - 1 > (arsis::isa::kLargestTensor - last) / stride)
      last = arsis::isa::kLargestTensor;
    else
      last += stride * (extent - 1);
  }
  if (int64_t(getOffset()) > from.getNumElements() - 1 - last)
    return emitOpError() << "ends at element " << uint64_t(getOffset()) + uint64_t(last)
                         << " of its source, which has " << from.getNumElements();
  return success();
}

LogicalResult AllocOp::verify() {
  MemRefType type = getBufferType();
  if (failed(verifyElementType(*this, type)))
    return failure();
  if (isAccumulator() && (type.getRank() != 2 || !type.getElementType().isF32()))
    return emitOpError() << "has type " << type << ", expected memref<rows x cols x f32> in the accumulators";
  if (int64_t(getSlots()) > arsis::isa::kLargestTensor / type.getNumElements())
    return emitOpError() << "has " << getSlots() << " slots of " << type.getNumElements()
                         << " elements, expected a ring of at most " << arsis::isa::kLargestTensor;
  if (failed(verifyAddress(*this, getAddress())))
    return failure();
  if (!isAccumulator() && getUnit() != 0)
    return emitOpError("names a matrix unit, but the scratchpad is shared by all");
  return success();
}

int64_t AllocOp::getSlotSize() {
  MemRefType type = getBufferType();
  return isAccumulator() ? type.getDimSize(0) : type.getNumElements() * elementBytes(type.getElementType());
}

void WaitOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  // Writes something nobody names, so that no generic pass moves or drops it.
  effects.emplace_back(MemoryEffects::Write::get());
}
