// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Places.h. A view of operands takes its place from what it reads, a view of the result gives those it
// reads theirs: so a place is found by going from value to value until one is a tensor of its own.
#include "compiler/Analysis/Places.h"

#include "compiler/Schedule/Strides.h"
#include "dialects/NN/IR/StepTypes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace arsis::compiler {

using nn::BoxOpInterface, nn::ViewKind;

static std::vector<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().vec();
}

SmallVector<int64_t> storedShape(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (shape.size() <= 4)
    return llvm::to_vector(shape);
  SmallVector<int64_t> merged = {llvm::product_of(shape.drop_back(3))};
  llvm::append_range(merged, shape.take_back(3));
  return merged;
}

bool isView(Operation *op) {
  auto boxes = dyn_cast_or_null<BoxOpInterface>(op);
  return boxes && boxes.getViewKind();
}

static BoxOpInterface viewOf(Operation *op, ViewKind kind) {
  auto boxes = dyn_cast_or_null<BoxOpInterface>(op);
  return boxes && boxes.getViewKind() == kind ? boxes : BoxOpInterface();
}

/// Whether it joins what lies one behind the other in one tensor already.
static bool joinsInPlace(BoxOpInterface view) {
  return view.getViewKind() == ViewKind::OfOperands && view.getWhole().getDefiningOp() == view;
}

/// The views that want `value` to be computed where it lies in their result, each as often as it does.
static SmallVector<std::pair<BoxOpInterface, nn::Box>> homesOf(Value value) {
  SmallVector<std::pair<BoxOpInterface, nn::Box>> homes;
  llvm::SmallPtrSet<Operation *, 4> seen;
  for (Operation *user : value.getUsers())
    if (auto view = viewOf(user, ViewKind::OfResult); view && seen.insert(user).second)
      for (nn::Box &box : view.getBoxes())
        if (box.value == value)
          homes.push_back({view, box});
  return homes;
}

/// The same place, `sign` times the offsets further on.
static Place moved(Place place, ArrayRef<int64_t> offsets, int64_t sign) {
  for (auto [offset, stride] : llvm::zip_equal(offsets, place.strides))
    place.offset += sign * offset * stride;
  return place;
}

/// Nothing where a reshape cuts across the gaps of what it reads.
static std::optional<Place> findPlace(Value value) {
  Operation *definer = value.getDefiningOp();
  if (auto reshape = dyn_cast_or_null<nn::ViewOpInterface>(definer)) {
    std::optional<Place> place = findPlace(reshape.getViewed());
    if (!place)
      return std::nullopt;
    std::optional<std::vector<int64_t>> strides =
        schedule::stridesUnder(shapeOf(reshape.getViewed()), place->strides, shapeOf(value));
    if (!strides)
      return std::nullopt;
    place->strides = std::move(*strides);
    return place;
  }
  if (auto view = viewOf(definer, ViewKind::OfOperands)) {
    const bool isBox = view.getWhole() != value;
    const SmallVector<nn::Box> boxes = view.getBoxes();
    const nn::Box &box =
        isBox ? *llvm::find_if(boxes, [&](const nn::Box &b) { return b.value == value; }) : boxes.front();
    std::optional<Place> place = findPlace(isBox ? view.getWhole() : box.value);
    return place ? std::optional(moved(std::move(*place), box.offsets, isBox ? 1 : -1)) : std::nullopt;
  }
  if (const auto homes = homesOf(value); !homes.empty()) {
    BoxOpInterface view = homes.front().first;
    std::optional<Place> place = findPlace(view.getWhole());
    return place ? std::optional(moved(std::move(*place), homes.front().second.offsets, 1)) : std::nullopt;
  }
  return Place{value, 0, schedule::denseStrides(shapeOf(value))};
}

Place placeOf(Value value) { return findPlace(value).value(); }

namespace {

/// What the function that a block is the body of does with its arguments and results.
func::FuncOp functionOf(Operation *op) { return op->getParentOfType<func::FuncOp>(); }

IntegerAttr donatedBy(func::FuncOp function, unsigned result) {
  DictionaryAttr attributes = function.getResultAttrDict(result);
  return attributes ? attributes.getAs<IntegerAttr>(nn::kDonates) : IntegerAttr();
}

/// Calls `found` with the number of every result of the function that is `value`, or that reshaped.
void forReturned(Value value, llvm::function_ref<void(unsigned)> found) {
  for (OpOperand &use : value.getUses()) {
    if (mlir::isa<nn::ViewOpInterface>(use.getOwner()))
      forReturned(use.getOwner()->getResult(0), found);
    else if (use.getOwner()->hasTrait<OpTrait::IsTerminator>())
      found(use.getOperandNumber());
  }
}

bool isReturned(Value value) {
  bool any = false;
  forReturned(value, [&](unsigned) { any = true; });
  return any;
}

/// Whether the tensor changes while the step runs: it is an argument that a result takes the place of, or
/// such a result.
bool isUpdated(Value base, func::FuncOp function) {
  bool updated = false;
  forReturned(base, [&](unsigned result) { updated |= donatedBy(function, result) != nullptr; });
  if (auto argument = dyn_cast<BlockArgument>(base))
    for (unsigned result = 0; result < function.getNumResults(); ++result)
      if (IntegerAttr donated = donatedBy(function, result))
        updated |= donated.getInt() == argument.getArgNumber();
  return updated;
}

constexpr StringLiteral kGaps = "no transfer of four dimensions reaches it there";

/// Whether transfers of four dimensions reach the value where elements are so far apart.
bool isReached(Value value, const std::vector<int64_t> &strides) {
  const SmallVector<int64_t> stored = storedShape(value);
  return schedule::stridesUnder(shapeOf(value), strides, {stored.begin(), stored.end()}).has_value();
}

/// The same at its place, and of whatever it is reshaped to.
bool isReached(Value value) {
  const std::optional<Place> place = findPlace(value);
  if (!place || !isReached(value, place->strides))
    return false;
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return !mlir::isa<nn::ViewOpInterface>(user) || isReached(user->getResult(0));
  });
}

} // namespace

std::string faultOf(BoxOpInterface view, Value value) {
  if (view.getViewKind() == ViewKind::OfResult) {
    Operation *definer = value.getDefiningOp();
    if (!definer)
      return "it is an argument of the step";
    if (matchPattern(definer, m_Constant()))
      return "it is a constant";
    if (mlir::isa<nn::ViewOpInterface>(definer) || viewOf(definer, ViewKind::OfOperands))
      return "it lies in another tensor";
    if (homesOf(value).size() > 1)
      return "it is in several concatenations, which disagree on its place";
    if (isReturned(value))
      return "the step returns it under a name of its own";
    return isReached(value) ? "" : kGaps.str();
  }
  if (!homesOf(value).empty())
    return "it lies in a concatenation";
  if (isReturned(value))
    return "the step returns it under a name of its own";
  return isReached(value) ? "" : kGaps.str();
}

std::string faultOf(BoxOpInterface view) {
  const SmallVector<nn::Box> boxes = view.getBoxes();
  const Value whole = view.getWhole();
  if (joinsInPlace(view)) {
    std::optional<Place> first = findPlace(boxes.front().value);
    for (const nn::Box &box : boxes) {
      const std::optional<Place> place = findPlace(box.value);
      if (!first || !place || place->base != first->base || place->strides != first->strides ||
          place->offset != moved(*first, box.offsets, 1).offset)
        return "what it joins does not lie in one row in one tensor";
    }
    if (const std::string fault = faultOf(view, whole); !fault.empty())
      return fault;
  }
  const std::optional<Place> place = findPlace(whole);
  if (!place)
    return kGaps.str();
  // Neither a box nor its copy could be there.
  if (!joinsInPlace(view) &&
      llvm::any_of(boxes, [&](const nn::Box &b) { return !isReached(b.value, place->strides); }))
    return "no transfer of four dimensions reaches all of its boxes";
  if (isUpdated(place->base, functionOf(view)))
    return "its tensor is updated in place";
  return "";
}

LogicalResult verifyViews(Block &block) {
  for (auto view : block.getOps<BoxOpInterface>()) {
    if (!view.getViewKind())
      continue;
    if (const std::string fault = faultOf(view); !fault.empty())
      return view.emitOpError() << "is a view but cannot be one: " << fault;
    for (const nn::Box &box : joinsInPlace(view) ? SmallVector<nn::Box>() : view.getBoxes())
      if (const std::string fault = faultOf(view, box.value); !fault.empty())
        return view.emitOpError() << "is a view but cannot be one of " << box.value.getType() << ": "
                                  << fault;
  }
  return success();
}

} // namespace arsis::compiler
