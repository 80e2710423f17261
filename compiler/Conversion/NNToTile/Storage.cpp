// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Placement of arguments and results. A result that donates an argument may be written in place only if no
// operation reads the argument's old value afterwards; reshapes count as the value they reshape.
#include "compiler/Conversion/NNToTile/Storage.h"

#include "compiler/Analysis/Footprint.h"
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "dialects/NN/IR/StepTypes.h"

#include <utility>

using namespace mlir;

namespace arsis::compiler {

namespace {

/// The value whose bytes `value` is.
Value rootOf(Value value) {
  while (auto reshape = value.getDefiningOp<nn::ReshapeOp>())
    value = reshape.getX();
  return value;
}

/// Last operation in the block that reads the bytes of `value`, other than `except`; null if none.
Operation *lastReader(Value value, Operation *except) {
  Operation *last = nullptr;
  for (Operation *user : value.getUsers()) {
    Operation *reader = user;
    if (auto reshape = dyn_cast<nn::ReshapeOp>(user))
      reader = lastReader(reshape.getY(), except);
    if (reader && reader != except && (!last || last->isBeforeInBlock(reader)))
      last = reader;
  }
  return last;
}

/// Operations that read every element of a tile before they write it, and read nothing of it later.
bool updatesInPlace(Operation *op) { return isa<nn::ElementwiseOpInterface, nn::StatefulOpInterface>(op); }

class Placement {
public:
  Placement(func::FuncOp function, Emitter &e, SmallVectorImpl<LateCopy> &copies)
      : function(function), e(e), copies(copies), terminator(function.front().getTerminator()) {}

  LogicalResult run() {
    for (BlockArgument argument : function.getArguments()) {
      auto tensor = declare(argument, function.getArgAttrDict(argument.getArgNumber()),
                            tile::TensorRole::Input, "argument", argument.getArgNumber());
      if (failed(tensor))
        return failure();
      e.setDram(argument, *tensor);
    }
    for (auto [number, value] : llvm::enumerate(terminator->getOperands()))
      if (failed(place(number, value)))
        return failure();
    return success();
  }

private:
  FailureOr<Value> declare(Value value, DictionaryAttr attributes, tile::TensorRole fallback, StringRef kind,
                           unsigned number) {
    auto get = [&](StringRef name) { return attributes ? attributes.get(name) : Attribute(); };
    auto name = dyn_cast_or_null<StringAttr>(get(nn::kName));
    std::string wanted = name ? name.str() : (kind + Twine(number)).str(), unique = e.uniqueName(wanted);
    if (unique != wanted)
      return function.emitError() << kind << " " << number << " is named '" << wanted
                                  << "', but so is another tensor";
    tile::TensorRole role = fallback;
    if (auto text = dyn_cast_or_null<StringAttr>(get(nn::kRole))) {
      std::optional<tile::TensorRole> known = tile::symbolizeTensorRole(text.getValue());
      if (!known)
        return function.emitError() << kind << " '" << wanted << "' has the unknown role '" << text.getValue()
                                    << "'";
      role = *known;
    }
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() > nn::kMostDimensions)
      return function.emitError() << kind << " '" << wanted << "' has rank " << type.getRank()
                                  << ", expected at most " << nn::kMostDimensions;
    tile::TensorOp tensor = e.b.tensor(wanted, role, type.getShape(), type.getElementType());
    auto shape = dyn_cast_or_null<DenseI64ArrayAttr>(get(nn::kHostShape));
    auto permutation = dyn_cast_or_null<DenseI64ArrayAttr>(get(nn::kHostPermutation));
    if (permutation && !shape) {
      SmallVector<int64_t> host;
      for (int64_t dim : permutation.asArrayRef())
        host.push_back(type.getDimSize(dim));
      shape = e.b.builder.getDenseI64ArrayAttr(host);
    }
    if (shape && !permutation)
      permutation = e.b.builder.getDenseI64ArrayAttr(llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())));
    tensor.setHostShapeAttr(shape);
    tensor.setHostPermutationAttr(permutation);
    if (auto initial = dyn_cast_or_null<ElementsAttr>(get(nn::kInitial)))
      tensor.setInitialAttr(initial);
    tensor.setObservable(role == tile::TensorRole::Gradient || role == tile::TensorRole::Activation);
    return tensor.getResult();
  }

  /// Binds the value's bytes to `tensor` if they have no place yet and may be written there.
  bool bind(Value value, Value tensor) {
    Value root = rootOf(value);
    if (isa<BlockArgument>(root) || root.getDefiningOp<nn::ConstantOp>() || !bound.insert(root).second)
      return false;
    SmallVector<int64_t> shape = storedShape(root);
    bool sameShape = cast<MemRefType>(tensor.getType()).getShape() == ArrayRef<int64_t>(shape);
    e.setDram(root, sameShape ? tensor : e.b.alias(tensor, shape));
    return true;
  }

  bool mayOverwrite(BlockArgument argument, Value value) {
    Operation *definer = rootOf(value).getDefiningOp();
    if (!definer || definer->getBlock() != &function.front())
      return false;
    Operation *last = lastReader(argument, updatesInPlace(definer) ? definer : nullptr);
    return !last || last->isBeforeInBlock(definer);
  }

  /// No layer moves a result to its place; the rows of a report name the copy.
  Location copyLocation() {
    return nn::makeOrigin(function.getContext(), "", "", NameLoc::get(e.b.builder.getStringAttr("copy")));
  }

  LogicalResult place(unsigned number, Value value) {
    DictionaryAttr attributes = function.getResultAttrDict(number);
    auto donates = attributes ? attributes.getAs<IntegerAttr>(nn::kDonates) : IntegerAttr();
    if (!donates) {
      auto tensor = declare(value, attributes, tile::TensorRole::Output, "result", number);
      if (failed(tensor))
        return failure();
      if (!bind(value, *tensor))
        copies.push_back({value, *tensor, copyLocation()});
      return success();
    }
    BlockArgument argument = function.getArgument(donates.getInt());
    if (value == argument)
      return success();
    Value tensor = e.dram(argument);
    if (!mayOverwrite(argument, value) || !bind(value, tensor))
      copies.push_back({value, tensor, copyLocation()});
    return success();
  }

  func::FuncOp function;
  Emitter &e;
  SmallVectorImpl<LateCopy> &copies;
  Operation *terminator;
  llvm::DenseSet<Value> bound;
};

} // namespace

void emitLateCopies(ArrayRef<LateCopy> copies, Emitter &e) {
  struct Move {
    Value from, to;
    Location location;
  };
  SmallVector<Move> pending;
  for (const LateCopy &copy : copies)
    if (Value from = e.dram(copy.value); rootTensor(from) != rootTensor(copy.tensor))
      pending.push_back({from, copy.tensor, copy.location});
  llvm::DenseMap<Operation *, unsigned> readers; // moves yet to be made, by the tensor they read
  for (const Move &move : pending)
    ++readers[rootTensor(move.from)];
  while (!pending.empty()) {
    Move *next = llvm::find_if(pending, [&](const Move &move) { return readers[rootTensor(move.to)] == 0; });
    if (next == pending.end()) { // cycles only: one tensor steps aside, and its readers read the copy
      Move &first = pending.front();
      e.b.location = first.location;
      auto type = cast<MemRefType>(first.to.getType());
      Value saved = e.b.tensor(e.uniqueName("rotated"), tile::TensorRole::Temporary, type.getShape(),
                               type.getElementType());
      emitCopy(first.to, saved, e);
      tile::TensorOp overwritten = rootTensor(first.to);
      for (Move &move : pending)
        if (rootTensor(move.from) == overwritten)
          move.from = saved;
      readers[rootTensor(saved)] = std::exchange(readers[overwritten], 0);
      continue;
    }
    e.b.location = next->location;
    emitCopy(next->from, next->to, e);
    --readers[rootTensor(next->from)];
    pending.erase(next);
  }
}

LogicalResult placeArgumentsAndResults(func::FuncOp function, Emitter &e, SmallVectorImpl<LateCopy> &copies) {
  return Placement(function, e, copies).run();
}

} // namespace arsis::compiler
