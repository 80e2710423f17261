// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Tensors.h.
#include "compiler/Conversion/NNToTile/Tensors.h"

#include "dialects/NN/IR/TensorName.h"

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
  for (unsigned number = 1; !names.insert(name).second; ++number)
    name = nn::numberedName(wanted, number);
  return name;
}

Value Tensors::of(Value value) {
  Value &tensor = storage[value];
  if (tensor)
    return tensor;
  auto result = cast<OpResult>(value);
  auto type = cast<RankedTensorType>(value.getType());
  tensor = b.tensor(uniqueName(nn::tensorNameOf(result)), tile::TensorRole::Temporary, storedShape(value),
                    type.getElementType());
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
