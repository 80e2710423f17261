// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Placement of arguments and results. A result that donates an argument may be written in place only if no
// operation reads the argument's old value afterwards; views count as the value they show.
#include "compiler/Conversion/NNToTile/Storage.h"

#include "compiler/Analysis/ElementTypes.h"
#include "compiler/Analysis/Footprint.h"
#include "compiler/Analysis/Reported.h"
#include "compiler/Schedule/Geometry.h"
#include "compiler/Schedule/Layout.h"
#include "dialects/NN/IR/StepTypes.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/IR/Matchers.h"

#include <utility>

using namespace mlir;

namespace arsis::compiler {

namespace {

/// The value whose bytes `value` is.
Value rootOf(Value value) {
  while (auto view = value.getDefiningOp<nn::ViewOpInterface>())
    value = view.getViewed();
  return value;
}

/// Last operation in the block that reads the bytes of `value`, other than `except`; null if none.
Operation *lastReader(Value value, Operation *except) {
  Operation *last = nullptr;
  for (Operation *user : value.getUsers()) {
    Operation *reader = user;
    if (mlir::isa<nn::ViewOpInterface>(user))
      reader = lastReader(user->getResult(0), except);
    if (reader && reader != except && (!last || last->isBeforeInBlock(reader)))
      last = reader;
  }
  return last;
}

/// Whether the operation reads every element of a tile of `argument` before it writes it, and reads nothing
/// of it later. A unit that sums may read its matrices in several passes, and store some results in an early
/// one; its vectors are read once.
bool updatesInPlace(Operation *op, Value argument) {
  Block *body = nn::bodyOf(op);
  if (!body)
    return mlir::isa<nn::ElementwiseOpInterface, nn::StatefulOpInterface>(op);
  const bool isVector = cast<RankedTensorType>(argument.getType()).getRank() <= 1;
  return llvm::all_of(body->without_terminator(), [&](Operation &inner) {
    return updatesInPlace(&inner, argument) && (isVector || !mlir::isa<nn::ReductionOpInterface>(inner));
  });
}

class Placement {
public:
  Placement(func::FuncOp function, tile::TileBuilder &b, Tensors &tensors, SmallVectorImpl<LateCopy> &copies)
      : function(function), b(b), tensors(tensors), copies(copies),
        terminator(function.front().getTerminator()) {}

  LogicalResult run() {
    for (BlockArgument argument : function.getArguments()) {
      auto tensor = declare(argument, function.getArgAttrDict(argument.getArgNumber()),
                            tile::TensorRole::Input, "argument", argument.getArgNumber());
      if (failed(tensor))
        return failure();
      const ArrayRef<int64_t> shape = cast<RankedTensorType>(argument.getType()).getShape();
      const bool isWhole = cast<MemRefType>(tensor->getType()).getShape() == shape;
      tensors.set(argument, isWhole ? *tensor : b.alias(*tensor, shape));
    }
    for (auto [number, value] : llvm::enumerate(terminator->getOperands()))
      if (failed(place(number, value)))
        return failure();
    return success();
  }

private:
  static std::string nameOf(DictionaryAttr attributes, StringRef kind, unsigned number) {
    auto name = attributes ? attributes.getAs<StringAttr>(nn::kName) : StringAttr();
    return name ? name.str() : (kind + Twine(number)).str();
  }

  FailureOr<Value> declare(Value value, DictionaryAttr attributes, tile::TensorRole fallback, StringRef kind,
                           unsigned number) {
    auto get = [&](StringRef name) { return attributes ? attributes.get(name) : Attribute(); };
    std::string wanted = nameOf(attributes, kind, number), unique = tensors.uniqueName(wanted);
    if (unique != wanted)
      return ofKind(ErrorKind::Model, function.emitError())
             << kind << " " << number << " is named '" << wanted << "', but so is another tensor";
    tile::TensorRole role = fallback;
    if (auto known = dyn_cast_or_null<nn::RoleAttr>(get(nn::kRole)))
      role = static_cast<tile::TensorRole>(known.getValue()); // the same cases, of dialects/Isa/isa.td
    auto type = cast<RankedTensorType>(value.getType());
    auto shape = dyn_cast_or_null<DenseI64ArrayAttr>(get(nn::kHostShape));
    auto permutation = dyn_cast_or_null<DenseI64ArrayAttr>(get(nn::kHostPermutation));
    if (shape && !permutation) // elements in the host's order, under another shape here
      type = type.clone(shape.asArrayRef());
    if (type.getRank() > nn::kMostDimensions)
      return ofKind(ErrorKind::Model, function.emitError())
             << kind << " '" << wanted << "' has rank " << type.getRank() << ", expected at most "
             << nn::kMostDimensions;
    tile::TensorOp tensor = b.tensor(wanted, role, type.getShape(), type.getElementType());
    if (permutation && !shape) {
      SmallVector<int64_t> host;
      for (int64_t dim : permutation.asArrayRef())
        host.push_back(type.getDimSize(dim));
      shape = b.builder.getDenseI64ArrayAttr(host);
    }
    if (shape && !permutation)
      permutation = b.builder.getDenseI64ArrayAttr(llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())));
    tensor.setHostShapeAttr(shape);
    tensor.setHostPermutationAttr(permutation);
    for (StringRef belongs : {StringRef(nn::kGradientOf), StringRef(nn::kSlotOf)})
      if (auto parameter = dyn_cast_or_null<IntegerAttr>(get(belongs)))
        tensor.setParameter(
            nameOf(function.getArgAttrDict(parameter.getInt()), "argument", parameter.getInt()));
    if (auto initial = dyn_cast_or_null<ElementsAttr>(get(nn::kInitial)))
      tensor.setInitialAttr(initial);
    tensor.setObservable(role == tile::TensorRole::Gradient || role == tile::TensorRole::Activation);
    return tensor.getResult();
  }

  /// Binds the value's bytes to `tensor` if they have no place yet and may be written there.
  bool bind(Value value, Value tensor) {
    Value root = rootOf(value);
    if (mlir::isa<BlockArgument>(root) || matchPattern(root, m_Constant()) || !bound.insert(root).second)
      return false;
    SmallVector<int64_t> shape = storedShape(root);
    bool sameShape = cast<MemRefType>(tensor.getType()).getShape() == ArrayRef<int64_t>(shape);
    tensors.set(root, sameShape ? tensor : b.alias(tensor, shape));
    return true;
  }

  bool mayOverwrite(BlockArgument argument, Value value) {
    Operation *definer = rootOf(value).getDefiningOp();
    if (!definer || definer->getBlock() != &function.front())
      return false;
    Operation *last = lastReader(argument, updatesInPlace(definer, argument) ? definer : nullptr);
    return !last || last->isBeforeInBlock(definer);
  }

  /// No layer moves a result to its place; the rows of a report name the copy.
  Location copyLocation() {
    return nn::makeOrigin(function.getContext(), "", "", NameLoc::get(b.builder.getStringAttr("copy")));
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
    Value tensor = tensors.of(argument);
    if (!mayOverwrite(argument, value) || !bind(value, tensor))
      copies.push_back({value, tensor, copyLocation()});
    return success();
  }

  func::FuncOp function;
  tile::TileBuilder &b;
  Tensors &tensors;
  SmallVectorImpl<LateCopy> &copies;
  Operation *terminator;
  llvm::DenseSet<Value> bound;
};

} // namespace

/// Copies a tensor through the scratchpad.
static void emitCopy(Value from, Value to, tile::TileBuilder &b, const schedule::ChipLimits &limits) {
  auto type = cast<MemRefType>(from.getType());
  int64_t elements = type.getNumElements();
  constexpr int64_t kSlots = 2;
  int64_t tile = std::min(elements, limits.scratchpadBytes / kSlots / schedule::kBufferAlignment *
                                        schedule::kBufferAlignment /
                                        numerics::sizeInBytes(toElementType(type.getElementType())));
  Value source = b.alias(from, {elements}), target = b.alias(to, {elements});
  int64_t tiles = schedule::ceilDiv(elements, tile);
  AffineExpr zero = b.constant(0);
  b.loop(tiles, [&](AffineExpr i) {
    tile::View view =
        tile::View::whole(b.alloc("copy", {1, 1, 1, tile}, type.getElementType(), tiles > 1 ? kSlots : 1));
    tile::Extent last = elements % tile == 0 ? tile::Extent(tile) : tile::Extent(tile, elements - i * tile);
    if (tiles == 1)
      last = elements;
    SmallVector<tile::Extent> box = {1, 1, 1, last};
    b.load(source, {zero, zero, zero, i * tile}, box, view);
    b.store(view, target, {zero, zero, zero, i * tile}, box);
  });
}

void emitLateCopies(ArrayRef<LateCopy> copies, tile::TileBuilder &b, Tensors &tensors,
                    const schedule::ChipLimits &limits) {
  struct Move {
    Value from, to;
    Location location;
  };
  SmallVector<Move> pending;
  for (const LateCopy &copy : copies)
    if (Value from = tensors.of(copy.value); rootTensor(from) != rootTensor(copy.tensor))
      pending.push_back({from, copy.tensor, copy.location});
  llvm::DenseMap<Operation *, unsigned> readers; // moves yet to be made, by the tensor they read
  for (const Move &move : pending)
    ++readers[rootTensor(move.from)];
  while (!pending.empty()) {
    Move *next = llvm::find_if(pending, [&](const Move &move) { return readers[rootTensor(move.to)] == 0; });
    if (next == pending.end()) { // cycles only: one tensor steps aside, and its readers read the copy
      Move &first = pending.front();
      b.location = first.location;
      auto type = cast<MemRefType>(first.to.getType());
      Value saved = b.tensor(tensors.uniqueName("rotated"), tile::TensorRole::Temporary, type.getShape(),
                             type.getElementType());
      emitCopy(first.to, saved, b, limits);
      tile::TensorOp overwritten = rootTensor(first.to);
      for (Move &move : pending)
        if (rootTensor(move.from) == overwritten)
          move.from = saved;
      readers[rootTensor(saved)] = std::exchange(readers[overwritten], 0);
      continue;
    }
    b.location = next->location;
    emitCopy(next->from, next->to, b, limits);
    --readers[rootTensor(next->from)];
    pending.erase(next);
  }
}

LogicalResult placeArgumentsAndResults(func::FuncOp function, tile::TileBuilder &b, Tensors &tensors,
                                       SmallVectorImpl<LateCopy> &copies) {
  return Placement(function, b, tensors, copies).run();
}

} // namespace arsis::compiler
