// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that move or rename elements. A host Transpose only relabels dimensions; Flatten, Reshape,
// Squeeze and Unsqueeze need the host's element order where they merge dimensions, and only there: what cuts
// one dimension in two, or leaves it alone, stays as it is arranged. Of known integers, the shapes that
// exporters compute, they are evaluated at import.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/NNDialect.h"

#include <numeric>

using namespace mlir;

namespace arsis::compiler::onnximport {

static int64_t product(ArrayRef<int64_t> extents) {
  return std::accumulate(extents.begin(), extents.end(), int64_t{1}, std::multiplies<int64_t>());
}

/// Dimensions `from` of one shape that become dimensions `to` of another with as many elements.
struct Regrouped {
  SmallVector<int64_t> from, to;
};

/// The smallest groups. REQUIRES: no extent is zero, and both shapes have as many elements.
static SmallVector<Regrouped> regroup(ArrayRef<int64_t> old, ArrayRef<int64_t> shape) {
  SmallVector<Regrouped> groups;
  const auto fromEnd = static_cast<int64_t>(old.size()), toEnd = static_cast<int64_t>(shape.size());
  for (int64_t from = 0, to = 0; from < fromEnd || to < toEnd;) {
    Regrouped group;
    int64_t before = 1, after = 1;
    auto takeFrom = [&] {
      group.from.push_back(from);
      before *= old[from++];
    };
    auto takeTo = [&] {
      group.to.push_back(to);
      after *= shape[to++];
    };
    if (from < fromEnd)
      takeFrom();
    if (to < toEnd)
      takeTo();
    while (before != after)
      before < after ? takeFrom() : takeTo();
    groups.push_back(std::move(group));
  }
  return groups;
}

/// The groups in the order in which their first dimension of several elements is arranged, then those without
/// one.
static SmallVector<Regrouped> arrangeGroups(const Arranged &x, ArrayRef<int64_t> shape,
                                            SmallVector<Regrouped> groups) {
  auto place = [&](const Regrouped &group) {
    int64_t first = x.permutation.size();
    for (int64_t dim : group.from)
      if (shape[dim] != 1)
        first = std::min(first, x.permutation[dim]);
    return first;
  };
  llvm::stable_sort(groups, [&](const Regrouped &a, const Regrouped &b) { return place(a) < place(b); });
  return groups;
}

static LogicalResult reshapeTo(const Node &node, GraphImporter &graph, ArrayRef<int64_t> shape) {
  const Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  const SmallVector<int64_t> old = graph.hostShape(x);
  Permutation before(old.size()), after(shape.size());
  SmallVector<int64_t> arranged;
  int64_t position = 0;
  for (const Regrouped &group : arrangeGroups(x, old, regroup(old, shape))) {
    for (int64_t dim : group.from)
      before[dim] = position++;
    for (int64_t dim : group.to) {
      after[dim] = static_cast<int64_t>(arranged.size());
      arranged.push_back(shape[dim]);
    }
  }
  return graph.define(node, 0, graph.reshape(node, graph.arrange(node, x, before), arranged), after);
}

/// Arithmetic on shapes goes through Reshape and Unsqueeze, too.
static LogicalResult reshapeIntegers(const Node &node, GraphImporter &graph, const Tensor &integers,
                                     ArrayRef<int64_t> shape) {
  if (integers.integers.size() > kComputedElements)
    return graph.fail(node, "makes a constant of " + Twine(integers.integers.size()) +
                                " integers, expected at most " + Twine(kComputedElements));
  Tensor reshaped = integers;
  reshaped.shape.assign(shape.begin(), shape.end());
  return graph.defineConstant(node, std::move(reshaped), /*trainable=*/false, node.output(0));
}

static LogicalResult convertFlatten(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> shape = graph.hostShape(node, 0);
  int64_t rank = shape.size(), axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank)
    return graph.fail(node, "axis = " + Twine(axis) + " of a tensor of rank " + Twine(rank));
  axis = axis < 0 ? axis + rank : axis;
  ArrayRef<int64_t> extents(shape);
  return reshapeTo(node, graph, {product(extents.take_front(axis)), product(extents.drop_front(axis))});
}

/// Where another batch than the file's was asked for, a shape that leads with the file's, for a tensor that
/// leads with the batch, keeps that dimension.
static LogicalResult replaceBatch(const Node &node, GraphImporter &graph, ArrayRef<int64_t> old,
                                  SmallVectorImpl<int64_t> &shape) {
  std::optional<int64_t> batch = graph.replacedBatch();
  if (!batch || shape.empty() || shape[0] != *batch || graph.isConstant(node, 0) ||
      elementCount(shape) == elementCount(old))
    return success();
  if (old.empty() || old[0] != *graph.options().batch)
    return graph.fail(node, "the new shape leads with " + Twine(*batch) +
                                ", the batch that the file fixes, but its input of shape " + describe(old) +
                                " does not lead with the batch of " + Twine(*graph.options().batch) +
                                "; export the model with a symbolic batch");
  shape[0] = old[0];
  return success();
}

/// `shape` with 0 and -1 replaced by what they mean for an input of shape `old`.
static LogicalResult resolveShape(const Node &node, GraphImporter &graph, ArrayRef<int64_t> old,
                                  SmallVectorImpl<int64_t> &shape) {
  int64_t unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) {
      if (node.integer("allowzero", 0) != 0)
        return graph.fail(node, "the new shape holds 0 with allowzero = 1, expected at least one element");
      if (i >= old.size())
        return graph.fail(node, "keeps dimension " + Twine(i) + " of a tensor of rank " + Twine(old.size()));
      shape[i] = old[i];
    }
    if (shape[i] == -1) {
      if (unknown >= 0)
        return graph.fail(node, "the new shape has more than one -1");
      unknown = i;
    } else if (shape[i] < 0) {
      return graph.fail(node, "the new shape holds " + Twine(shape[i]));
    }
  }
  int64_t total = product(old);
  if (unknown >= 0)
    shape[unknown] = 1;
  if (std::string problem = sizeProblem(shape); !problem.empty())
    return graph.fail(node, "the new shape has " + problem);
  if (unknown >= 0)
    shape[unknown] = total / std::max<int64_t>(product(shape), 1);
  if (product(shape) == total)
    return success();
  std::optional<int64_t> batch = graph.replacedBatch();
  return graph.fail(node, "the new shape has " + Twine(product(shape)) + " elements, the input " +
                              Twine(total) +
                              (batch ? "; the file fixes the batch to " + std::to_string(*batch) +
                                           ", export the model with a symbolic batch"
                                     : std::string()));
}

static LogicalResult convertReshape(const Node &node, GraphImporter &graph) {
  const Tensor *wanted = graph.constant(node, 1);
  if (!wanted || wanted->isFloat)
    return graph.fail(node, "the new shape is not known at import");
  SmallVector<int64_t> old = graph.hostShape(node, 0),
                       shape(wanted->integers.begin(), wanted->integers.end());
  if (failed(replaceBatch(node, graph, old, shape)) || failed(resolveShape(node, graph, old, shape)))
    return failure();
  if (const Tensor *integers = graph.constant(node, 0); integers && !integers->isFloat)
    return reshapeIntegers(node, graph, *integers, shape);
  return reshapeTo(node, graph, shape);
}

static LogicalResult convertSqueeze(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> old = graph.hostShape(node, 0), axes = node.integers("axes", {}), shape;
  const int64_t rank = old.size();
  if (node.hasInput(1)) { // since opset 13
    const Tensor *given = graph.constant(node, 1);
    if (!given || given->isFloat)
      return graph.fail(node, "the axes are not known at import");
    axes.assign(given->integers.begin(), given->integers.end());
  } else if (!node.has("axes")) {
    for (int64_t dim = 0; dim < rank; ++dim)
      if (old[dim] == 1)
        axes.push_back(dim);
  }
  for (int64_t &axis : axes) {
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank || old[axis] != 1)
      return graph.fail(node, "axes are not dimensions of one element of a tensor of shape " + describe(old));
  }
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(axes, dim))
      shape.push_back(old[dim]);
  if (const Tensor *integers = graph.constant(node, 0); integers && !integers->isFloat)
    return reshapeIntegers(node, graph, *integers, shape);
  return reshapeTo(node, graph, shape);
}

static LogicalResult convertUnsqueeze(const Node &node, GraphImporter &graph) {
  FailureOr<SmallVector<int64_t>> given = graph.axes(node, 1); // an input since opset 13
  if (failed(given))
    return failure();
  SmallVector<int64_t> shape = graph.hostShape(node, 0), axes = *given;
  int64_t rank = shape.size() + axes.size();
  if (rank > static_cast<int64_t>(kGraphRank))
    return graph.fail(node,
                      "makes a tensor of rank " + Twine(rank) + ", expected at most " + Twine(kGraphRank));
  for (int64_t &axis : axes)
    axis += axis < 0 ? rank : 0;
  llvm::sort(axes);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    if (axis < 0 || axis >= rank || (i > 0 && axes[i - 1] == axis))
      return graph.fail(node, "axes are not " + Twine(axes.size()) + " dimensions of a result of rank " +
                                  Twine(rank));
    shape.insert(shape.begin() + axis, 1);
  }
  if (const Tensor *integers = graph.constant(node, 0); integers && !integers->isFloat)
    return reshapeIntegers(node, graph, *integers, shape);
  return reshapeTo(node, graph, shape);
}

static LogicalResult convertTranspose(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  size_t rank = x.permutation.size();
  SmallVector<int64_t> reversed;
  for (size_t i = 0; i < rank; ++i)
    reversed.push_back(rank - 1 - i);
  SmallVector<int64_t> order = node.integers("perm", reversed);
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  if (ArrayRef<int64_t>(sorted) != ArrayRef<int64_t>(hostPermutation(rank)))
    return graph.fail(node, "perm is not a permutation of the " + Twine(rank) + " dimensions of its input");
  Permutation result;
  for (int64_t dim : order)
    result.push_back(x.permutation[dim]);
  return graph.define(node, 0, x.value, result);
}

/// Dimensions of an image, channels last, in another order: cut into six, of which the last three are pieces
/// of the channels, or joined again.
static Value shuffle(const Node &node, GraphImporter &graph, Value x, ArrayRef<int64_t> cut,
                     ArrayRef<int64_t> order, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> moved;
  for (int64_t dim : order)
    moved.push_back(cut[dim]);
  x = nn::TransposeOp::create(graph.builder(), graph.location(node), graph.tensorType(moved),
                              graph.reshape(node, x, cut), order, nullptr);
  return graph.reshape(node, x, shape);
}

static std::string checkBlocks(const Node &node) {
  const std::string mode = node.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return "mode = " + mode + " (supported: DCR, CRD)";
  if (const int64_t size = node.integer("blocksize", 0); size < 1 || size > isa::kLargestExtent)
    return "blocksize = " + std::to_string(size) + ", expected a positive number";
  return {};
}

/// Blocks of pixels come out of the channels, or become channels.
template <bool toSpace> static LogicalResult convertBlocks(const Node &node, GraphImporter &graph) {
  Value x = graph.value(node, 0, imagePermutation());
  if (!x)
    return failure();
  ArrayRef<int64_t> image = cast<RankedTensorType>(x.getType()).getShape();
  const int64_t size = node.integer("blocksize", 0), n = image[0], h = image[1], w = image[2], c = image[3];
  const bool blocksFirst = node.text("mode", "DCR") == "DCR";
  if (toSpace ? c % size != 0 || c / size % size != 0 : h % size != 0 || w % size != 0)
    return graph.fail(node, "input '" + node.input(0) + "' has shape " + describe(graph.hostShape(node, 0)) +
                                ", which is not cut evenly by blocks of " + Twine(size) + "x" + Twine(size));
  Value y;
  if (toSpace) {
    const int64_t rest = c / size / size;
    const SmallVector<int64_t> shape = {n, h * size, w * size, rest};
    y = blocksFirst ? shuffle(node, graph, x, {n, h, w, size, size, rest}, {0, 1, 3, 2, 4, 5}, shape)
                    : shuffle(node, graph, x, {n, h, w, rest, size, size}, {0, 1, 4, 2, 5, 3}, shape);
  } else {
    const SmallVector<int64_t> cut = {n, h / size, size, w / size, size, c},
                               shape = {n, h / size, w / size, c * size * size};
    y = blocksFirst ? shuffle(node, graph, x, cut, {0, 1, 3, 2, 4, 5}, shape)
                    : shuffle(node, graph, x, cut, {0, 1, 3, 5, 2, 4}, shape);
  }
  return graph.define(node, 0, y, imagePermutation());
}

static LogicalResult convertIdentity(const Node &node, GraphImporter &graph) { return graph.forward(node); }

const std::vector<Operator> movementOperators = {
    {"DepthToSpace", checkBlocks, convertBlocks<true>},
    {"Flatten", nullptr, convertFlatten},
    {"Identity", nullptr, convertIdentity},
    {"Reshape", nullptr, convertReshape},
    {"SpaceToDepth", checkBlocks, convertBlocks<false>},
    {"Squeeze", nullptr, convertSqueeze},
    {"Transpose", nullptr, convertTranspose},
    {"Unsqueeze", nullptr, convertUnsqueeze},
};

} // namespace arsis::compiler::onnximport
