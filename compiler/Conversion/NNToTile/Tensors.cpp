// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Tensors.h.
#include "compiler/Conversion/NNToTile/Tensors.h"

#include "compiler/Analysis/Footprint.h"
#include "compiler/Schedule/Strides.h"
#include "dialects/NN/IR/TensorName.h"

using namespace mlir;

namespace arsis::compiler {

std::string Tensors::uniqueName(StringRef wanted) {
  std::string name = wanted.str();
  for (unsigned number = 1; !names.insert(name).second; ++number)
    name = nn::numberedName(wanted, number);
  return name;
}

Value Tensors::of(Value value) {
  if (Value tensor = storage.lookup(value))
    return tensor;
  const Place place = placeOf(value);
  Value tensor;
  if (place.base == value) {
    auto type = cast<RankedTensorType>(value.getType());
    tensor = b.tensor(uniqueName(nn::tensorNameOf(cast<OpResult>(value))), tile::TensorRole::Temporary,
                      storedShape(value), type.getElementType());
  } else {
    tile::TensorOp root = rootTensor(of(place.base));
    const SmallVector<int64_t> shape = storedShape(value);
    const auto strides = schedule::stridesUnder(cast<RankedTensorType>(value.getType()).getShape().vec(),
                                                place.strides, {shape.begin(), shape.end()});
    tensor = b.part(root, uniqueName(nn::tensorNameOf(cast<OpResult>(value))), shape, place.offset, *strides);
  }
  set(value, tensor);
  return tensor;
}

Value Tensors::of(Value value, ArrayRef<int64_t> shape) {
  Value tensor = of(value);
  ArrayRef<int64_t> own = cast<MemRefType>(tensor.getType()).getShape();
  if (own == shape)
    return tensor;
  auto alias = tensor.getDefiningOp<tile::AliasOp>();
  if (!alias || !alias.getStrides())
    return b.alias(tensor, shape);
  const auto strides = schedule::stridesUnder(own.vec(), alias.getStrides()->vec(), shape.vec());
  return b.part(rootTensor(tensor), "", shape, static_cast<int64_t>(alias.getOffset()), *strides);
}

Value Tensors::constant(StringRef name, ArrayRef<int64_t> shape, ElementsAttr values) {
  tile::TensorOp tensor =
      b.tensor(uniqueName(name), tile::TensorRole::Constant, shape, values.getElementType());
  tensor.setInitialAttr(values);
  return tensor;
}

} // namespace arsis::compiler
