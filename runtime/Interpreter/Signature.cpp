// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a step function's signature.
#include "runtime/Interpreter/Signature.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/NN/IR/NNDialect.h"
#include "runtime/Interpreter/Convert.h"

#include <set>

namespace arsis::ref {

HostTensor Slot::toChip(const HostTensor &host) const {
  if (host.shape() != hostShape)
    throw InputError("'" + name + "' is " + toString(host.shape()) + ", expected " + toString(hostShape));
  Shape permuted = shape;
  for (size_t i = 0; i < hostPermutation.size(); ++i)
    permuted[i] = shape[hostPermutation[i]];
  return host.reshaped(permuted).permuted(inversePermutation(hostPermutation));
}

HostTensor Slot::toHost(const HostTensor &chip) const {
  if (chip.shape() != shape)
    throw InputError("'" + name + "' is " + toString(chip.shape()) + ", expected " + toString(shape));
  return chip.permuted(hostPermutation).reshaped(hostShape);
}

static const Slot *find(const std::vector<Slot> &slots, const std::string &name) {
  for (const Slot &slot : slots)
    if (slot.name == name)
      return &slot;
  return nullptr;
}

const Slot *Signature::argument(const std::string &name) const { return find(arguments, name); }
const Slot *Signature::result(const std::string &name) const { return find(results, name); }

/// `attribute(name)` looks up an attribute of the slot.
template <class Lookup> static Slot slotOf(const std::string &where, mlir::Type type, Lookup attribute) {
  Slot slot;
  auto name = mlir::dyn_cast_or_null<mlir::StringAttr>(attribute(nn::kName));
  if (!name)
    throw InputError(where + " has no string attribute nn.name");
  slot.name = name.str();
  const HostTensor like = tensorOfType(type, false);
  slot.shape = slot.hostShape = like.shape();
  slot.type = like.type();
  if (auto permutation = mlir::dyn_cast_or_null<mlir::DenseI64ArrayAttr>(attribute(nn::kHostPermutation))) {
    slot.hostPermutation.assign(permutation.asArrayRef().begin(), permutation.asArrayRef().end());
    if (slot.hostPermutation.size() != slot.shape.size())
      throw InputError(where + " has a host permutation of another rank than " + toString(slot.shape));
    inversePermutation(slot.hostPermutation);
    for (size_t i = 0; i < slot.shape.size(); ++i)
      slot.hostShape[i] = slot.shape[slot.hostPermutation[i]];
  }
  if (auto shape = mlir::dyn_cast_or_null<mlir::DenseI64ArrayAttr>(attribute(nn::kHostShape))) {
    slot.hostShape.assign(shape.asArrayRef().begin(), shape.asArrayRef().end());
    if (elementCount(slot.hostShape) != like.size())
      throw InputError(where + " has host shape " + toString(slot.hostShape) + ", which does not fit " +
                       toString(slot.shape));
  }
  return slot;
}

Signature signatureOf(mlir::func::FuncOp func) {
  Signature signature;
  std::set<std::string> names;
  auto unique = [&](const Slot &slot, const std::string &where) {
    if (!names.insert(slot.name).second)
      throw InputError(where + " has the name '" + slot.name + "' of another one");
  };
  const std::string title = "of @" + func.getName().str();
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    const std::string where = "argument " + std::to_string(i) + " " + title;
    Slot slot = slotOf(where, func.getArgumentTypes()[i],
                       [&](llvm::StringRef name) { return func.getArgAttr(i, name); });
    slot.initial = mlir::dyn_cast_or_null<mlir::ElementsAttr>(func.getArgAttr(i, nn::kInitial));
    unique(slot, where);
    signature.arguments.push_back(std::move(slot));
  }
  names.clear();
  for (unsigned i = 0; i < func.getNumResults(); ++i) {
    const std::string where = "result " + std::to_string(i) + " " + title;
    Slot slot = slotOf(where, func.getResultTypes()[i],
                       [&](llvm::StringRef name) { return func.getResultAttr(i, name); });
    if (auto donates = func.getResultAttrOfType<mlir::IntegerAttr>(i, nn::kDonates)) {
      const int64_t number = donates.getInt();
      if (number < 0 || number >= func.getNumArguments() || signature.arguments[number].shape != slot.shape)
        throw InputError(where + " donates argument " + std::to_string(number) +
                         ", which does not exist or has another shape");
      const Slot &argument = signature.arguments[number];
      slot.donates = static_cast<unsigned>(number);
      slot.hostShape = argument.hostShape;
      slot.hostPermutation = argument.hostPermutation;
    }
    unique(slot, where);
    signature.results.push_back(std::move(slot));
  }
  return signature;
}

mlir::func::FuncOp entryOf(mlir::ModuleOp module) {
  for (const char *name : {"train_step", "forward"})
    if (auto func = module.lookupSymbol<mlir::func::FuncOp>(name))
      return func;
  throw InputError("the module has neither @train_step nor @forward");
}

} // namespace arsis::ref
