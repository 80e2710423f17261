// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and growing the signature of a step function.

#include "compiler/Transforms/TrainStep/Signature.h"

using namespace mlir;

namespace arsis::compiler {

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

SmallVector<unsigned> resultsWithRole(func::FuncOp function, StringRef role) {
  SmallVector<unsigned> results;
  for (unsigned result = 0; result < function.getNumResults(); ++result)
    if (resultText(function, result, nn::kRole) == role)
      results.push_back(result);
  return results;
}

func::ReturnOp getReturn(func::FuncOp function) {
  return cast<func::ReturnOp>(function.getBody().front().getTerminator());
}

static DictionaryAttr describe(MLIRContext *context, StringRef name, StringRef role,
                               ArrayRef<NamedAttribute> attributes) {
  NamedAttrList list(attributes);
  list.set(nn::kName, StringAttr::get(context, name));
  list.set(nn::kRole, StringAttr::get(context, role));
  return list.getDictionary(context);
}

BlockArgument appendArgument(func::FuncOp function, Type type, StringRef name, StringRef role,
                             ArrayRef<NamedAttribute> attributes) {
  unsigned position = function.getNumArguments();
  [[maybe_unused]] LogicalResult inserted = function.insertArgument(
      position, type, describe(function.getContext(), name, role, attributes), function.getLoc());
  assert(succeeded(inserted) && "a func.func takes any argument");
  return function.getArgument(position);
}

void insertResult(func::FuncOp function, unsigned position, Value value, StringRef name, StringRef role,
                  ArrayRef<NamedAttribute> attributes) {
  [[maybe_unused]] LogicalResult inserted = function.insertResult(
      position, value.getType(), describe(function.getContext(), name, role, attributes));
  assert(succeeded(inserted) && "a func.func takes any result");
  getReturn(function)->insertOperands(position, value);
}

void eraseResult(func::FuncOp function, unsigned result) {
  [[maybe_unused]] LogicalResult erased = function.eraseResult(result);
  assert(succeeded(erased) && "a func.func gives up any result");
  getReturn(function)->eraseOperand(result);
}

SmallVector<NamedAttribute> hostLayout(func::FuncOp function, unsigned argument) {
  SmallVector<NamedAttribute> layout;
  for (StringRef name : {StringRef(nn::kHostShape), StringRef(nn::kHostPermutation)})
    if (Attribute value = function.getArgAttr(argument, name))
      layout.push_back(NamedAttribute(StringAttr::get(function.getContext(), name), value));
  return layout;
}

} // namespace arsis::compiler
