// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and growing the signature of a step function.

#include "compiler/Transforms/TrainStep/Signature.h"

using namespace mlir;

namespace arsis::compiler {

static std::optional<nn::Role> roleOf(Attribute attribute) {
  auto role = dyn_cast_or_null<nn::RoleAttr>(attribute);
  return role ? std::optional(role.getValue()) : std::nullopt;
}

std::optional<nn::Role> argumentRole(func::FuncOp function, unsigned argument) {
  return roleOf(function.getArgAttr(argument, nn::kRole));
}

std::optional<nn::Role> resultRole(func::FuncOp function, unsigned result) {
  return roleOf(function.getResultAttr(result, nn::kRole));
}

StringRef argumentText(func::FuncOp function, unsigned argument, StringRef attribute) {
  auto text = function.getArgAttrOfType<StringAttr>(argument, attribute);
  return text ? text.getValue() : StringRef();
}

StringRef resultText(func::FuncOp function, unsigned result, StringRef attribute) {
  auto text = function.getResultAttrOfType<StringAttr>(result, attribute);
  return text ? text.getValue() : StringRef();
}

TensorNames::TensorNames(func::FuncOp function) : function(function) {
  for (unsigned argument = 0; argument < function.getNumArguments(); ++argument)
    taken.insert(argumentText(function, argument, nn::kName));
  for (unsigned result = 0; result < function.getNumResults(); ++result)
    taken.insert(resultText(function, result, nn::kName));
}

std::string TensorNames::claim(StringRef wanted) {
  std::string name = wanted.str();
  while (!taken.insert(name).second)
    name.insert(0, "step:");
  if (name != wanted)
    function.emitRemark() << "the model has a tensor named '" << wanted
                          << "'; that of the training step is named '" << name << "'";
  return name;
}

SmallVector<unsigned> resultsWithRole(func::FuncOp function, nn::Role role) {
  SmallVector<unsigned> results;
  for (unsigned result = 0; result < function.getNumResults(); ++result)
    if (resultRole(function, result) == role)
      results.push_back(result);
  return results;
}

func::ReturnOp getReturn(func::FuncOp function) {
  return cast<func::ReturnOp>(function.getBody().front().getTerminator());
}

static SmallVector<DictionaryAttr> describe(MLIRContext *context, ArrayRef<NewTensor> tensors) {
  SmallVector<DictionaryAttr> described;
  for (const NewTensor &tensor : tensors) {
    NamedAttrList list(tensor.attributes);
    list.set(nn::kName, StringAttr::get(context, tensor.name));
    list.set(nn::kRole, nn::RoleAttr::get(context, tensor.role));
    described.push_back(list.getDictionary(context));
  }
  return described;
}

static SmallVector<Type> typesOf(ArrayRef<NewTensor> tensors) {
  return llvm::map_to_vector(tensors, [](const NewTensor &tensor) { return tensor.type; });
}

SmallVector<Value> appendArguments(func::FuncOp function, ArrayRef<NewTensor> arguments) {
  unsigned position = function.getNumArguments();
  [[maybe_unused]] LogicalResult inserted = function.insertArguments(
      SmallVector<unsigned>(arguments.size(), position), typesOf(arguments),
      describe(function.getContext(), arguments), SmallVector<Location>(arguments.size(), function.getLoc()));
  assert(succeeded(inserted) && "a func.func takes any argument");
  return llvm::to_vector_of<Value>(function.getArguments().drop_front(position));
}

void insertResults(func::FuncOp function, unsigned position, ArrayRef<NewTensor> results) {
  [[maybe_unused]] LogicalResult inserted =
      function.insertResults(SmallVector<unsigned>(results.size(), position), typesOf(results),
                             describe(function.getContext(), results));
  assert(succeeded(inserted) && "a func.func takes any result");
  getReturn(function)->insertOperands(
      position, llvm::map_to_vector(results, [](const NewTensor &tensor) { return tensor.value; }));
}

void eraseResults(func::FuncOp function, ArrayRef<unsigned> results) {
  llvm::BitVector erased(function.getNumResults());
  for (unsigned result : results)
    erased.set(result);
  [[maybe_unused]] LogicalResult done = function.eraseResults(erased);
  assert(succeeded(done) && "a func.func gives up any result");
  getReturn(function)->eraseOperands(erased);
}

void eraseArguments(func::FuncOp function, const llvm::BitVector &arguments) {
  SmallVector<int64_t> numbers;
  for (unsigned argument = 0, next = 0; argument < function.getNumArguments(); ++argument)
    numbers.push_back(arguments[argument] ? -1 : next++);
  auto renumbered = [&](DictionaryAttr attributes) {
    NamedAttrList list(attributes);
    for (StringRef name : {StringRef(nn::kDonates), StringRef(nn::kGradientOf), StringRef(nn::kSlotOf)})
      if (auto number = dyn_cast_or_null<IntegerAttr>(list.get(name))) {
        assert(numbers[number.getInt()] >= 0 && "names an erased argument");
        list.set(name, IntegerAttr::get(number.getType(), numbers[number.getInt()]));
      }
    return list.getDictionary(function.getContext());
  };
  [[maybe_unused]] LogicalResult done = function.eraseArguments(arguments);
  assert(succeeded(done) && "a func.func gives up any argument");
  for (unsigned argument = 0; argument < function.getNumArguments(); ++argument)
    function.setArgAttrs(argument, renumbered(function.getArgAttrDict(argument)));
  for (unsigned result = 0; result < function.getNumResults(); ++result)
    function.setResultAttrs(result, renumbered(function.getResultAttrDict(result)));
}

SmallVector<NamedAttribute> hostLayout(func::FuncOp function, unsigned argument) {
  SmallVector<NamedAttribute> layout;
  for (StringRef name : {StringRef(nn::kHostShape), StringRef(nn::kHostPermutation)})
    if (Attribute value = function.getArgAttr(argument, name))
      layout.push_back(NamedAttribute(StringAttr::get(function.getContext(), name), value));
  return layout;
}

} // namespace arsis::compiler
