// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Boxes of tensors: slice and pad, each the other's gradient, and concat and split, which are one operation
// for differentiation and a move for each piece.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

#include <numeric>

using namespace mlir;
using namespace arsis::nn;

// Verifiers

/// `inner` at `offsets` within `outer`.
static LogicalResult verifyBox(Operation *op, ArrayRef<int64_t> offsets, Value inner, Value outer,
                               StringRef what, StringRef firstLabel, StringRef secondLabel) {
  ArrayRef<int64_t> box = shapeOf(inner), whole = shapeOf(outer);
  const size_t rank = shapeOf(op->getOperand(0)).size();
  if (!areAllBetween(offsets, rank, 0, std::numeric_limits<int64_t>::max()))
    return violates(op, firstLabel, Twine(rank) + " " + what + " of zero or more", toText(offsets));
  bool fits = box.size() == whole.size();
  for (size_t d = 0; fits && d < rank; ++d)
    fits = offsets[d] <= whole[d] - box[d];
  if (!fits)
    return violates(op, secondLabel, "a box within " + toText(whole), toText(box) + " at " + toText(offsets));
  return success();
}

/// `pieces` one behind the other along `axis` are `whole`.
static LogicalResult verifyPieces(Operation *op, uint64_t axis, ValueRange pieces, Value whole,
                                  StringRef name) {
  ArrayRef<int64_t> shape = shapeOf(whole);
  auto label = [&](int number) { return (name + "_c" + Twine(number)).str(); };
  if (pieces.empty() || axis >= shape.size())
    return violates(op, label(1), "pieces along one of " + Twine(shape.size()) + " dimensions",
                    Twine(pieces.size()) + " along dimension " + Twine(static_cast<int64_t>(axis)));
  int64_t total = 0;
  for (Value piece : pieces) {
    SmallVector<int64_t> expected(shape);
    if (ArrayRef<int64_t> found = shapeOf(piece); found.size() == shape.size()) {
      expected[axis] = found[axis];
      total += found[axis];
    }
    if (ArrayRef<int64_t>(expected) != shapeOf(piece))
      return violates(op, label(2), "pieces of shape " + toText(expected), toText(shapeOf(piece)));
  }
  if (total != shape[axis])
    return violates(op, label(3), Twine(shape[axis]) + " elements along dimension " + Twine(axis),
                    Twine(total));
  return success();
}

LogicalResult SliceOp::verify() {
  return verifyBox(*this, getOffsets(), getY(), getX(), "offsets", "slice_c1", "slice_c2");
}
LogicalResult PadOp::verify() {
  return verifyBox(*this, getLow(), getX(), getY(), "pads", "pad_c1", "pad_c2");
}
LogicalResult ConcatOp::verify() { return verifyPieces(*this, getAxis(), getXs(), getY(), "concat"); }
LogicalResult SplitOp::verify() { return verifyPieces(*this, getAxis(), getYs(), getX(), "split"); }

// Structures

/// The element at index i of a tensor of `shape` is that at i + offsets of the operand.
static Structure moveOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> offsets) {
  Structure s;
  s.domain = dimensionsOf(shape);
  std::vector<int> all(s.domain.size());
  std::iota(all.begin(), all.end(), 0);
  s.operands = s.results = {accessOf(all)};
  for (auto [index, offset] : llvm::zip_equal(s.operands[0].indices, offsets))
    index.offset = offset;
  s.resultOf = {0};
  return s;
}

/// Zero but along the axis.
static SmallVector<int64_t> alongAxis(size_t rank, uint64_t axis, int64_t offset) {
  SmallVector<int64_t> offsets(rank, 0);
  offsets[axis] = offset;
  return offsets;
}

Structure SliceOp::getStructure() { return moveOf(shapeOf(getY()), getOffsets()); }

Structure PadOp::getStructure() {
  Structure s = moveOf(shapeOf(getY()), llvm::map_to_vector(getLow(), [](int64_t low) { return -low; }));
  s.operands[0].outside = Outside::Value;
  s.operands[0].value = getValue().convertToFloat();
  return s;
}

std::vector<Part> ConcatOp::getParts() {
  std::vector<Part> parts;
  const int result = static_cast<int>(getXs().size());
  int64_t begin = 0;
  for (auto [number, x] : llvm::enumerate(getXs())) {
    ArrayRef<int64_t> shape = shapeOf(x);
    const SmallVector<int64_t> at = alongAxis(shape.size(), getAxis(), begin);
    parts.push_back({moveOf(shape, SmallVector<int64_t>(shape.size(), 0)),
                     {static_cast<int>(number)},
                     {result},
                     {at.begin(), at.end()}});
    begin += shape[getAxis()];
  }
  return parts;
}

std::vector<Part> SplitOp::getParts() {
  std::vector<Part> parts;
  int64_t begin = 0;
  for (auto [number, y] : llvm::enumerate(getYs())) {
    ArrayRef<int64_t> shape = shapeOf(y);
    parts.push_back(
        {moveOf(shape, alongAxis(shape.size(), getAxis(), begin)), {0}, {static_cast<int>(number) + 1}});
    begin += shape[getAxis()];
  }
  return parts;
}

// Boxes

/// Values one behind the other along an axis.
static SmallVector<Box> boxesAlong(uint64_t axis, ValueRange pieces) {
  SmallVector<Box> boxes;
  int64_t begin = 0;
  for (Value piece : pieces) {
    ArrayRef<int64_t> shape = shapeOf(piece);
    boxes.push_back({piece, alongAxis(shape.size(), axis, begin)});
    begin += shape[axis];
  }
  return boxes;
}

Value SliceOp::getWhole() { return getX(); }
SmallVector<Box> SliceOp::getBoxes() { return {{getY(), SmallVector<int64_t>(getOffsets())}}; }
Value ConcatOp::getWhole() { return getY(); }
SmallVector<Box> ConcatOp::getBoxes() { return boxesAlong(getAxis(), getXs()); }
Value SplitOp::getWhole() { return getX(); }
SmallVector<Box> SplitOp::getBoxes() { return boxesAlong(getAxis(), getYs()); }

// Gradients

static Location backward(Operation *op) { return withPhase(op->getLoc(), phase::kBackwardInput); }

LogicalResult SliceOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = PadOp::create(builder, backward(*this), getX().getType(), resultGrads[0],
                                    getOffsetsAttr(), builder.getF32FloatAttr(0), nullptr);
  return success();
}

LogicalResult PadOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                              SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = SliceOp::create(builder, backward(*this), getX().getType(), resultGrads[0],
                                      getLowAttr(), nullptr, ViewKindAttr());
  return success();
}

LogicalResult ConcatOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                 SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(getXs().size(), Value());
  if (llvm::all_of(operandNeedsGrad, [](bool needed) { return needed; })) {
    auto split = SplitOp::create(builder, backward(*this), getXs().getTypes(), resultGrads[0], getAxisAttr(),
                                 ScheduleAttr(), ViewKindAttr());
    llvm::copy(split.getYs(), operandGrads.begin());
    return success();
  }
  int64_t begin = 0;
  for (auto [number, x] : llvm::enumerate(getXs())) {
    ArrayRef<int64_t> shape = shapeOf(x);
    if (operandNeedsGrad[number])
      operandGrads[number] =
          SliceOp::create(builder, backward(*this), x.getType(), resultGrads[0],
                          builder.getDenseI64ArrayAttr(alongAxis(shape.size(), getAxis(), begin)),
                          ScheduleAttr(), ViewKindAttr());
    begin += shape[getAxis()];
  }
  return success();
}

LogicalResult SplitOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (!operandNeedsGrad[0])
    return success();
  const Location location = backward(*this);
  if (llvm::count_if(resultGrads, [](Value gradient) { return static_cast<bool>(gradient); }) == 1) {
    int64_t begin = 0;
    for (auto [y, gradient] : llvm::zip_equal(getYs(), resultGrads)) {
      if (gradient)
        operandGrads[0] =
            PadOp::create(builder, location, getX().getType(), gradient,
                          builder.getDenseI64ArrayAttr(alongAxis(shapeOf(y).size(), getAxis(), begin)),
                          builder.getF32FloatAttr(0), nullptr);
      begin += shapeOf(y)[getAxis()];
    }
    return success();
  }
  SmallVector<Value> pieces;
  for (auto [y, gradient] : llvm::zip_equal(getYs(), resultGrads))
    pieces.push_back(
        gradient ? gradient
                 : ConstantOp::create(builder, location,
                                      DenseElementsAttr::get(cast<RankedTensorType>(y.getType()), 0.0f)));
  operandGrads[0] =
      ConcatOp::create(builder, location, getX().getType(), pieces, getAxisAttr(), nullptr, ViewKindAttr());
  return success();
}
