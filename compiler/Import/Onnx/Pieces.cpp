// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that take tensors apart and put them together: Concat, Pad, Slice, Split. They work in the
// arrangement in which their input is. What leaves elements out in between, repeats some or mirrors them is
// made of boxes that are joined, whose gradients follow from theirs.

#include "compiler/Import/Onnx/Pieces.h"

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

#include <algorithm>

using namespace mlir;

namespace arsis::compiler::onnximport {

static SmallVector<int64_t> shapeOf(Value value) { return shapeOnChip(value); }

Value slice(const Node &node, GraphImporter &graph, Value x, int64_t axis, int64_t begin, int64_t count) {
  SmallVector<int64_t> shape = shapeOf(x), offsets(shape.size(), 0);
  if (shape[axis] == count)
    return x;
  shape[axis] = count;
  offsets[axis] = begin;
  return nn::SliceOp::create(graph.builder(), graph.location(node), graph.tensorType(shape), x, offsets,
                             nn::ScheduleAttr(), nn::ViewKindAttr());
}

/// `low` elements before and `high` behind along each of the chip's dimensions.
static Value pad(const Node &node, GraphImporter &graph, Value x, ArrayRef<int64_t> low,
                 ArrayRef<int64_t> high, float value) {
  SmallVector<int64_t> shape = shapeOf(x);
  for (auto [extent, before, behind] : llvm::zip_equal(shape, low, high))
    extent += before + behind;
  if (shape == shapeOf(x))
    return x;
  OpBuilder &builder = graph.builder();
  return nn::PadOp::create(builder, graph.location(node), graph.tensorType(shape), x,
                           builder.getDenseI64ArrayAttr(low), builder.getF32FloatAttr(value),
                           nn::ScheduleAttr());
}

Value concat(const Node &node, GraphImporter &graph, ArrayRef<Value> given, int64_t axis) {
  SmallVector<Value> pieces(given);
  while (const GraphImporter::Joined *earlier = graph.findJoined(pieces, axis)) {
    pieces.erase(pieces.begin(), pieces.begin() + earlier->pieces.size());
    pieces.insert(pieces.begin(), earlier->whole);
  }
  if (pieces.size() == 1)
    return pieces.front();
  SmallVector<int64_t> shape = shapeOf(pieces.front());
  for (Value piece : ArrayRef(pieces).drop_front())
    shape[axis] += shapeOf(piece)[axis];
  Value whole = nn::ConcatOp::create(graph.builder(), graph.location(node), graph.tensorType(shape), pieces,
                                     static_cast<uint64_t>(axis), nn::ScheduleAttr(), nn::ViewKindAttr());
  graph.noteJoined({axis, pieces, whole});
  return whole;
}

Value pick(const Node &node, GraphImporter &graph, Value x, int64_t axis, int64_t begin, int64_t count,
           int64_t step) {
  if (step == 1 || count == 1)
    return slice(node, graph, x, axis, begin, count);
  const int64_t there = std::min(shapeOf(x)[axis] - begin, count * step);
  x = slice(node, graph, x, axis, begin, there);
  SmallVector<int64_t> whole = shapeOf(x), none(whole.size(), 0), missing(none);
  missing[axis] = count * step - there;
  x = pad(node, graph, x, none, missing, 0);
  whole[axis] = count;
  SmallVector<int64_t> cut(whole);
  cut.insert(cut.begin() + axis + 1, step);
  return graph.reshape(node, slice(node, graph, graph.reshape(node, x, cut), axis + 1, 0, 1), whole);
}

/// The host's dimension that an attribute means; nothing after an error.
static std::optional<int64_t> axisOf(const Node &node, GraphImporter &graph, int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  (void)graph.fail(node, "axis = " + Twine(axis) + " of a tensor of rank " + Twine(rank));
  return std::nullopt;
}

static LogicalResult convertConcat(const Node &node, GraphImporter &graph) {
  const auto inputs = llvm::seq<size_t>(0, node.inputCount());
  auto computed = llvm::find_if(inputs, [&](size_t input) { return !graph.isConstant(node, input); });
  const Arranged first = graph.valueAsItIs(node, computed == inputs.end() ? 0 : *computed);
  if (!first)
    return failure();
  const SmallVector<int64_t> shape = graph.hostShape(first);
  std::optional<int64_t> axis = axisOf(node, graph, node.integer("axis", 1), shape.size());
  if (!axis)
    return failure();
  SmallVector<Value> pieces;
  for (size_t input : inputs) {
    SmallVector<int64_t> found = graph.hostShape(node, input), expected(shape);
    if (found.size() == shape.size())
      expected[*axis] = found[*axis];
    if (found != expected)
      return graph.fail(node, "joins tensors of shapes " + describe(shape) + " and " + describe(found) +
                                  " along dimension " + Twine(*axis));
    pieces.push_back(graph.value(node, input, first.permutation));
    if (!pieces.back())
      return failure();
  }
  return graph.define(node, 0, concat(node, graph, pieces, first.permutation[*axis]), first.permutation);
}

/// Input `index` as known integers; nothing after an error.
static std::optional<SmallVector<int64_t>> knownIntegers(const Node &node, GraphImporter &graph, size_t index,
                                                         StringRef what) {
  const Tensor *given = graph.constant(node, index);
  if (given && !given->isFloat)
    return SmallVector<int64_t>(given->integers.begin(), given->integers.end());
  (void)graph.fail(node, "the " + what + " are not known at import");
  return std::nullopt;
}

/// What a Slice takes along one of the host's dimensions: `count` elements, `step` apart, from `begin` on.
struct SliceRange {
  int64_t axis, begin, count, step;
};

/// The ranges of a Slice of a tensor of `shape`, in the order of its axes; nothing after an error.
static std::optional<SmallVector<SliceRange>> sliceRanges(const Node &node, GraphImporter &graph,
                                                          ArrayRef<int64_t> shape) {
  const int64_t rank = shape.size();
  std::optional<SmallVector<int64_t>> starts = node.integers("starts", {}), ends = node.integers("ends", {});
  if (node.opset() >= 10) {
    starts = knownIntegers(node, graph, 1, "starts");
    ends = starts ? knownIntegers(node, graph, 2, "ends") : std::nullopt;
    if (!ends)
      return std::nullopt;
  }
  std::optional<SmallVector<int64_t>> axes =
      node.integers("axes", llvm::to_vector(llvm::seq<int64_t>(0, starts->size())));
  if (node.hasInput(3))
    axes = knownIntegers(node, graph, 3, "axes");
  std::optional<SmallVector<int64_t>> steps = SmallVector<int64_t>(starts->size(), 1);
  if (axes && node.hasInput(4))
    steps = knownIntegers(node, graph, 4, "steps");
  if (!axes || !steps)
    return std::nullopt;
  if (ends->size() != starts->size() || axes->size() != starts->size() || steps->size() != starts->size()) {
    (void)graph.fail(node, Twine(starts->size()) + " starts, " + Twine(ends->size()) + " ends, " +
                               Twine(axes->size()) + " axes and " + Twine(steps->size()) +
                               " steps, expected as many of each");
    return std::nullopt;
  }
  SmallVector<SliceRange> ranges;
  for (size_t i = 0; i < starts->size(); ++i) {
    std::optional<int64_t> axis = axisOf(node, graph, (*axes)[i], rank);
    if (!axis)
      return std::nullopt;
    const int64_t extent = shape[*axis], step = (*steps)[i];
    if (step == 0 || step == std::numeric_limits<int64_t>::min()) {
      (void)graph.fail(node, "a step is " + Twine(step));
      return std::nullopt;
    }
    auto bound = [&](int64_t given, int64_t least, int64_t most) {
      return std::clamp(given < 0 ? given + extent : given, least, most);
    };
    SliceRange range{*axis, 0, 0, step};
    if (step > 0) {
      range.begin = bound((*starts)[i], 0, extent);
      const int64_t room = bound((*ends)[i], 0, extent) - range.begin;
      range.count = room <= 0 ? 0 : (room - 1) / step + 1;
    } else {
      range.begin = bound((*starts)[i], 0, extent - 1);
      const int64_t room = range.begin - bound((*ends)[i], -1, extent - 1);
      range.count = room <= 0 ? 0 : (room - 1) / -step + 1;
    }
    ranges.push_back(range);
  }
  return ranges;
}

static LogicalResult convertSlice(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  std::optional<SmallVector<SliceRange>> ranges = sliceRanges(node, graph, graph.hostShape(x));
  if (!ranges)
    return failure();
  for (const SliceRange &range : *ranges) {
    if (range.count == 0)
      return graph.fail(node, "leaves nothing along dimension " + Twine(range.axis));
    SmallVector<int64_t> places;
    if (range.step > 0 || range.count == 1) {
      x.value = pick(node, graph, x.value, x.permutation[range.axis], range.begin, range.count, range.step);
      continue;
    }
    for (int64_t i = 0; i < range.count; ++i)
      places.push_back(range.begin + i * range.step);
    FailureOr<Value> turned = elementsAt(node, graph, x.value, x.permutation[range.axis], places);
    if (failed(turned))
      return failure();
    x.value = *turned;
  }
  return graph.define(node, 0, x.value, x.permutation);
}

/// The extents of the outputs along the axis; nothing after an error.
static std::optional<SmallVector<int64_t>> splitSizes(const Node &node, GraphImporter &graph,
                                                      int64_t extent) {
  std::optional<SmallVector<int64_t>> sizes = node.integers("split", {});
  if (node.hasInput(1))
    sizes = knownIntegers(node, graph, 1, "sizes");
  if (!sizes)
    return std::nullopt;
  const auto outputs = static_cast<int64_t>(node.outputCount());
  if (sizes->empty()) { // equal ones; since opset 18 the last one may be smaller
    const int64_t size = (extent + outputs - 1) / outputs;
    sizes->assign(outputs, size);
    sizes->back() = extent - size * (outputs - 1);
    if (sizes->back() != size && node.opset() < 18)
      sizes->clear();
  }
  if (static_cast<int64_t>(sizes->size()) == outputs && llvm::sum_of(*sizes) == extent &&
      llvm::all_of(*sizes, [](int64_t size) { return size > 0; }))
    return sizes;
  (void)graph.fail(node, "cuts " + Twine(extent) + " elements into " + Twine(outputs) +
                             " outputs, expected sizes that add up to them, none of them zero");
  return std::nullopt;
}

static LogicalResult convertSplit(const Node &node, GraphImporter &graph) {
  const Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  const SmallVector<int64_t> shape = graph.hostShape(x);
  std::optional<int64_t> axis = axisOf(node, graph, node.integer("axis", 0), shape.size());
  std::optional<SmallVector<int64_t>> sizes = axis ? splitSizes(node, graph, shape[*axis]) : std::nullopt;
  if (!sizes)
    return failure();
  if (sizes->size() == 1)
    return graph.define(node, 0, x.value, x.permutation);
  SmallVector<Type> types;
  for (int64_t size : *sizes) {
    SmallVector<int64_t> piece = shapeOf(x.value);
    piece[x.permutation[*axis]] = size;
    types.push_back(graph.tensorType(piece));
  }
  auto split = nn::SplitOp::create(graph.builder(), graph.location(node), types, x.value,
                                   static_cast<uint64_t>(x.permutation[*axis]), nn::ScheduleAttr(),
                                   nn::ViewKindAttr());
  for (auto [number, y] : llvm::enumerate(split.getYs()))
    if (failed(graph.define(node, number, y, x.permutation)))
      return failure();
  return success();
}

static std::string checkPad(const Node &node) {
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    return "mode = " + mode + " (supported: constant, reflect, edge, wrap)";
  return {};
}

/// What a Pad adds before and behind each of the host's dimensions; it takes away where it is negative.
struct Pads {
  SmallVector<int64_t> low, high;
};

static std::optional<Pads> padsOf(const Node &node, GraphImporter &graph, int64_t rank) {
  std::optional<SmallVector<int64_t>> given = node.integers("pads", node.integers("paddings", {}));
  if (node.opset() >= 11)
    given = knownIntegers(node, graph, 1, "pads");
  std::optional<SmallVector<int64_t>> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (given && node.hasInput(3))
    axes = knownIntegers(node, graph, 3, "axes");
  if (!given || !axes)
    return std::nullopt;
  if (given->size() != 2 * axes->size()) {
    (void)graph.fail(node, Twine(given->size()) + " pads, expected two for each of " + Twine(axes->size()) +
                               " dimensions");
    return std::nullopt;
  }
  Pads pads{SmallVector<int64_t>(rank, 0), SmallVector<int64_t>(rank, 0)};
  for (size_t i = 0; i < axes->size(); ++i) {
    std::optional<int64_t> axis = axisOf(node, graph, (*axes)[i], rank);
    if (!axis)
      return std::nullopt;
    pads.low[*axis] = (*given)[i];
    pads.high[*axis] = (*given)[axes->size() + i];
  }
  return pads;
}

static std::optional<float> padValue(const Node &node, GraphImporter &graph) {
  if (!node.hasInput(2))
    return node.real("value", 0);
  const Tensor *given = graph.constant(node, 2);
  if (given && given->isFloat && given->size() == 1)
    return given->floats[0];
  (void)graph.fail(node, "the value is computed by other nodes; expected a constant");
  return std::nullopt;
}

/// Elements from the other end once more before and behind the others.
static FailureOr<Value> wrapped(const Node &node, GraphImporter &graph, Value x, int64_t axis, int64_t low,
                                int64_t high) {
  const int64_t extent = shapeOf(x)[axis];
  if (std::max(low, high) > extent)
    return graph.fail(node, "wraps " + Twine(std::max(low, high)) + " elements round a dimension of " +
                                Twine(extent));
  SmallVector<Value> pieces;
  if (low > 0)
    pieces.push_back(slice(node, graph, x, axis, extent - low, low));
  pieces.push_back(x);
  if (high > 0)
    pieces.push_back(slice(node, graph, x, axis, 0, high));
  return concat(node, graph, pieces, axis);
}

/// Elements that are there already once more before and behind the others, one slice for each.
static FailureOr<Value> repeat(const Node &node, GraphImporter &graph, Value x, int64_t axis, int64_t low,
                               int64_t high, bool mirrored) {
  const int64_t extent = shapeOf(x)[axis];
  if (mirrored && std::max(low, high) >= extent)
    return graph.fail(node, "mirrors " + Twine(std::max(low, high)) + " elements of a dimension of " +
                                Twine(extent));
  SmallVector<Value> pieces;
  for (int64_t i = low; i > 0; --i)
    pieces.push_back(slice(node, graph, x, axis, mirrored ? i : 0, 1));
  pieces.push_back(x);
  for (int64_t i = 1; i <= high; ++i)
    pieces.push_back(slice(node, graph, x, axis, mirrored ? extent - 1 - i : extent - 1, 1));
  return concat(node, graph, pieces, axis);
}

static LogicalResult convertPad(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  const SmallVector<int64_t> shape = graph.hostShape(x);
  const int64_t rank = shape.size();
  std::optional<Pads> pads = padsOf(node, graph, rank);
  const std::string mode = node.text("mode", "constant");
  std::optional<float> value = pads ? padValue(node, graph) : std::nullopt;
  if (!value)
    return failure();
  SmallVector<int64_t> low(rank, 0), high(rank, 0); // of the chip's dimensions
  for (int64_t dim = 0; dim < rank; ++dim) {
    const int64_t axis = x.permutation[dim], before = pads->low[dim], behind = pads->high[dim];
    std::string problem = sizeProblem({std::max<int64_t>(before, 0), std::max<int64_t>(behind, 0)});
    if (const int64_t left = shape[dim] + std::min<int64_t>(before, 0) + std::min<int64_t>(behind, 0);
        before < -shape[dim] || behind < -shape[dim] || left < 1)
      problem = "nothing left along dimension " + std::to_string(dim);
    if (!problem.empty())
      return graph.fail(node, "pads of " + Twine(before) + " and " + Twine(behind) + " have " + problem);
    const int64_t cutBefore = std::max<int64_t>(-before, 0), cutBehind = std::max<int64_t>(-behind, 0);
    x.value = slice(node, graph, x.value, axis, cutBefore, shape[dim] - cutBefore - cutBehind);
    low[axis] = std::max<int64_t>(before, 0);
    high[axis] = std::max<int64_t>(behind, 0);
  }
  if (mode == "constant") {
    x.value = pad(node, graph, x.value, low, high, *value);
    return graph.define(node, 0, x.value, x.permutation);
  }
  for (int64_t axis = 0; axis < rank; ++axis) {
    FailureOr<Value> padded = mode == "wrap" ? wrapped(node, graph, x.value, axis, low[axis], high[axis])
                                             : repeat(node, graph, x.value, axis, low[axis], high[axis],
                                                      /*mirrored=*/mode == "reflect");
    if (failed(padded))
      return failure();
    x.value = *padded;
  }
  return graph.define(node, 0, x.value, x.permutation);
}

const std::vector<Operator> pieceOperators = {
    {"Concat", nullptr, convertConcat},
    {"Pad", checkPad, convertPad},
    {"Slice", nullptr, convertSlice},
    {"Split", nullptr, convertSplit},
};

} // namespace arsis::compiler::onnximport
