// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums, means and extremes over any dimensions. The operand stays in its arrangement: neighbouring dimensions
// of one fate are one, and each run of those that go is reduced by itself. The mean over an image is a
// pooling, unless a window as large would fill a scratchpad: sums are cut into tiles, windows are not.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

/// The dimensions that a node reduces, in ascending order: an attribute, or input 1. None, if it reduces
/// none.
static FailureOr<SmallVector<int64_t>> axesOf(const Node &node, GraphImporter &graph) {
  const int64_t rank = graph.hostShape(node, 0).size();
  FailureOr<SmallVector<int64_t>> given = graph.axes(node, 1);
  if (failed(given))
    return failure();
  SmallVector<int64_t> axes = *given;
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) == 0)
    axes = hostPermutation(rank);
  for (int64_t &axis : axes) {
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank)
      return graph.fail(node, "axes include one that is none of the " + Twine(rank) + " dimensions of '" +
                                  node.input(0) + "'");
  }
  llvm::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

/// The sum of a tensor of shape [outer, count, inner], given in any shape, over its middle dimension. Over
/// the last one it is a product with ones, which the arrays add up.
static Value sumOver(const Node &node, GraphImporter &graph, Value x, int64_t outer, int64_t count,
                     int64_t inner) {
  OpBuilder &builder = graph.builder();
  const Location location = graph.location(node);
  if (inner > 1)
    return nn::AxisSumOp::create(builder, location, graph.tensorType({outer, inner}),
                                 graph.reshape(node, x, {outer, count, inner}), nullptr, nullptr);
  Value ones =
      nn::ConstantOp::create(builder, location, DenseElementsAttr::get(graph.tensorType({count, 1}), 1.0f));
  return nn::MatmulOp::create(builder, location, graph.tensorType({outer, 1}),
                              graph.reshape(node, x, {outer, count}), ones, /*transpose_a=*/false,
                              /*transpose_b=*/false, nullptr, nullptr);
}

/// Reduces a tensor of shape [outer, count, inner], given in any shape, over its middle dimension.
using ReduceRun = Value (*)(const Node &node, GraphImporter &graph, Value x, int64_t outer, int64_t count,
                            int64_t inner);

/// What `x` without the dimensions `axes` of the host is, or with extent 1 for them.
static Arranged reduceAxes(const Node &node, GraphImporter &graph, const Arranged &x, ArrayRef<int64_t> axes,
                           bool keepsDimensions, ReduceRun reduce) {
  SmallVector<int64_t> shape = llvm::to_vector(cast<RankedTensorType>(x.value.getType()).getShape());
  SmallVector<bool> goes(shape.size(), false);
  for (int64_t axis : axes)
    goes[x.permutation[axis]] = true;
  Value reduced = x.value;
  for (size_t begin = 0; begin < shape.size();) {
    size_t end = begin;
    int64_t count = 1;
    for (; end < shape.size() && goes[end]; ++end)
      count *= shape[end];
    if (count > 1)
      reduced = reduce(node, graph, reduced, llvm::product_of(ArrayRef(shape).take_front(begin)), count,
                       llvm::product_of(ArrayRef(shape).drop_front(end)));
    std::fill(shape.begin() + begin, shape.begin() + end, 1);
    begin = std::max(end, begin + 1);
  }
  if (keepsDimensions)
    return {graph.reshape(node, reduced, shape), x.permutation};
  SmallVector<int64_t> left, places;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    places.push_back(left.size());
    if (!goes[dim])
      left.push_back(extent);
  }
  Permutation permutation;
  for (int64_t dim : x.permutation)
    if (!goes[dim])
      permutation.push_back(places[dim]);
  return {graph.reshape(node, reduced, left), permutation};
}

static bool isOverImage(ArrayRef<int64_t> axes, int64_t rank) {
  return rank > 2 && static_cast<int64_t>(axes.size()) == rank - 2 && axes.front() == 2;
}

LogicalResult meanOverAxes(const Node &node, GraphImporter &graph, ArrayRef<int64_t> axes,
                           bool keepDimensions) {
  const SmallVector<int64_t> host = graph.hostShape(node, 0);
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= host[axis];
  if (isOverImage(axes, host.size()) && count <= kMostPooledPixels)
    return averagePixels(node, graph, keepDimensions);
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  const Arranged sum = reduceAxes(node, graph, x, axes, keepDimensions, sumOver);
  OpBuilder &builder = graph.builder();
  Value mean = nn::AffineOp::create(builder, graph.location(node), sum.value.getType(), sum.value,
                                    builder.getF32FloatAttr(static_cast<float>(1 / double(count))),
                                    builder.getF32FloatAttr(0), nullptr);
  return graph.define(node, 0, mean, sum.permutation);
}

namespace {

/// What a reduction does: with each element before, along the axes, with each result.
struct Reduction {
  Value (*before)(const Emitter &emit, Value x);
  ReduceRun reduce;
  Value (*after)(const Emitter &emit, Value x);
};

} // namespace

static Value asItIs(const Emitter &, Value x) { return x; }
static Value negative(const Emitter &emit, Value x) { return emit.affine(x, -1, 0); }
static Value square(const Emitter &emit, Value x) { return emit.multiply(x, x); }
static Value root(const Emitter &emit, Value x) { return emit.of<nn::SqrtOp>(x); }
static Value logarithm(const Emitter &emit, Value x) { return emit.of<nn::LogOp>(x); }

static constexpr Reduction kSum = {asItIs, sumOver, asItIs}, kMax = {asItIs, greatestOver, asItIs},
                           kMin = {negative, greatestOver, negative}, kL1 = {magnitude, sumOver, asItIs},
                           kL2 = {square, sumOver, root}, kSumSquare = {square, sumOver, asItIs},
                           kLogSum = {asItIs, sumOver, logarithm};

template <const Reduction *reduction>
static LogicalResult convertReduce(const Node &node, GraphImporter &graph) {
  FailureOr<SmallVector<int64_t>> axes = axesOf(node, graph);
  Arranged x = failed(axes) ? Arranged{} : graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  const Emitter emit{node, graph};
  x.value = reduction->before(emit, x.value);
  const Arranged y = reduceAxes(node, graph, x, *axes, node.integer("keepdims", 1) != 0, reduction->reduce);
  return graph.define(node, 0, reduction->after(emit, y.value), y.permutation);
}

static LogicalResult convertReduceMean(const Node &node, GraphImporter &graph) {
  FailureOr<SmallVector<int64_t>> axes = axesOf(node, graph);
  if (failed(axes))
    return failure();
  return axes->empty() ? graph.forward(node)
                       : meanOverAxes(node, graph, *axes, node.integer("keepdims", 1) != 0);
}

const std::vector<Operator> reductionOperators = {
    {"ReduceL1", nullptr, convertReduce<&kL1>},
    {"ReduceL2", nullptr, convertReduce<&kL2>},
    {"ReduceLogSum", nullptr, convertReduce<&kLogSum>},
    {"ReduceMax", nullptr, convertReduce<&kMax>},
    {"ReduceMean", nullptr, convertReduceMean},
    {"ReduceMin", nullptr, convertReduce<&kMin>},
    {"ReduceSum", nullptr, convertReduce<&kSum>},
    {"ReduceSumSquare", nullptr, convertReduce<&kSumSquare>},
};

} // namespace arsis::compiler::onnximport
