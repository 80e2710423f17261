// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Tensors.h.
#include "compiler/Conversion/NNToTile/Tensors.h"

#include "dialects/NN/IR/Origin.h"

using namespace mlir;

namespace arsis::compiler {

SmallVector<int64_t> storedShape(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (shape.size() <= 4)
    return llvm::to_vector(shape);
  SmallVector<int64_t> merged = {llvm::product_of(shape.drop_back(3))};
  llvm::append_range(merged, shape.take_back(3));
  return merged;
}

std::string Tensors::uniqueName(StringRef wanted) {
  std::string name = wanted.str();
  for (int number = 1; !names.insert(name).second; ++number)
    name = (wanted + Twine(".") + Twine(number)).str();
  return name;
}

Value Tensors::of(Value value) {
  Value &tensor = storage[value];
  if (tensor)
    return tensor;
  auto result = cast<OpResult>(value);
  auto type = cast<RankedTensorType>(value.getType());
  StringRef layer = nn::getOrigin(result.getOwner()->getLoc()).first;
  std::string name = (layer + (layer.empty() ? "" : "/") + result.getOwner()->getName().stripDialect()).str();
  if (result.getOwner()->getNumResults() > 1)
    name += "#" + std::to_string(result.getResultNumber());
  tensor = b.tensor(uniqueName(name), tile::TensorRole::Temporary, storedShape(value), type.getElementType());
  return tensor;
}

Value Tensors::of(Value value, ArrayRef<int64_t> shape) {
  Value tensor = of(value);
  return cast<MemRefType>(tensor.getType()).getShape() == shape ? tensor : b.alias(tensor, shape);
}

Value Tensors::constant(StringRef name, ArrayRef<int64_t> shape, ElementsAttr values) {
  tile::TensorOp tensor =
      b.tensor(uniqueName(name), tile::TensorRole::Constant, shape, values.getElementType());
  tensor.setInitialAttr(values);
  return tensor;
}

} // namespace arsis::compiler
