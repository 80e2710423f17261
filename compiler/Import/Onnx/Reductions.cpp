// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums and means over any dimensions. The operand stays in its arrangement: neighbouring dimensions of one
// fate are one, and each run of those that go is summed by itself. The mean over an image is a pooling,
// unless a window as large would fill a scratchpad: sums are cut into tiles, windows are not.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

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

/// What `x` without the dimensions `axes` of the host is, or with extent 1 for them.
static Arranged sumOverAxes(const Node &node, GraphImporter &graph, const Arranged &x, ArrayRef<int64_t> axes,
                            bool keepsDimensions) {
  SmallVector<int64_t> shape = llvm::to_vector(cast<RankedTensorType>(x.value.getType()).getShape());
  SmallVector<bool> goes(shape.size(), false);
  for (int64_t axis : axes)
    goes[x.permutation[axis]] = true;
  Value sum = x.value;
  for (size_t begin = 0; begin < shape.size();) {
    size_t end = begin;
    int64_t count = 1;
    for (; end < shape.size() && goes[end]; ++end)
      count *= shape[end];
    if (count > 1)
      sum = sumOver(node, graph, sum, llvm::product_of(ArrayRef(shape).take_front(begin)), count,
                    llvm::product_of(ArrayRef(shape).drop_front(end)));
    std::fill(shape.begin() + begin, shape.begin() + end, 1);
    begin = std::max(end, begin + 1);
  }
  if (keepsDimensions)
    return {graph.reshape(node, sum, shape), x.permutation};
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
  return {graph.reshape(node, sum, left), permutation};
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
  const Arranged sum = sumOverAxes(node, graph, x, axes, keepDimensions);
  OpBuilder &builder = graph.builder();
  Value mean = nn::AffineOp::create(builder, graph.location(node), sum.value.getType(), sum.value,
                                    builder.getF32FloatAttr(static_cast<float>(1 / double(count))),
                                    builder.getF32FloatAttr(0), nullptr);
  return graph.define(node, 0, mean, sum.permutation);
}

template <bool isMean> static LogicalResult convertReduce(const Node &node, GraphImporter &graph) {
  FailureOr<SmallVector<int64_t>> axes = axesOf(node, graph);
  if (failed(axes))
    return failure();
  if (axes->empty())
    return graph.forward(node);
  const bool keepsDimensions = node.integer("keepdims", 1) != 0;
  if (isMean)
    return meanOverAxes(node, graph, *axes, keepsDimensions);
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  const Arranged y = sumOverAxes(node, graph, x, *axes, keepsDimensions);
  return graph.define(node, 0, y.value, y.permutation);
}

const std::vector<Operator> reductionOperators = {
    {"ReduceMean", nullptr, convertReduce<true>},
    {"ReduceSum", nullptr, convertReduce<false>},
};

} // namespace arsis::compiler::onnximport
