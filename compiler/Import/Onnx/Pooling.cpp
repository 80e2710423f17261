// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MaxPool and AveragePool; GlobalAveragePool, and ReduceMean over all dimensions but batch and channels, are
// averages over a window as large as the image, or sums where that is very large. GlobalMaxPool is the
// greatest element of such a window, where it is very large that of each row first.

#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Window.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

// storage_order is that of the indices.
static std::string checkMaxPool(const Node &node) { return checkWindow(node); }

static std::string checkAveragePool(const Node &node) { return checkWindow(node); }

/// The window and the shape of the result, or failure with the node's mistake recorded.
static LogicalResult resolve(const Node &node, GraphImporter &graph, Value x, Window &window,
                             SmallVectorImpl<int64_t> &shape) {
  ArrayRef<int64_t> xShape = cast<RankedTensorType>(x.getType()).getShape();
  window = resolveWindow(node, xShape.slice(1, 2), node.integers("kernel_shape", {}));
  for (int dim = 0; dim < 4; ++dim)
    if (window.pads[dim] >= nn::dilatedKernel(window.kernel[dim % 2], window.dilations[dim % 2]))
      return graph.fail(node, "pad " + Twine(window.pads[dim]) +
                                  " is as large as the kernel, which would give windows "
                                  "that lie in the padding alone");
  bool ceilMode = node.integer("ceil_mode", 0) != 0;
  auto pooled = nn::poolShape(xShape, window.kernel, window.strides, window.pads, window.dilations, ceilMode);
  shape.assign(pooled.begin(), pooled.end());
  if (shape[1] <= 0 || shape[2] <= 0)
    return graph.fail(node, "the kernel does not fit into the padded input of " + Twine(xShape[1]) + "x" +
                                Twine(xShape[2]));
  return success();
}

namespace {

/// A pooling, and the shape of its result.
struct Stage {
  Window window;
  SmallVector<int64_t> shape;
};

} // namespace

/// A very large window goes over rows first, then over columns. The greatest element of all is that of the
/// rows' greatest, and the first of equals is, too; a window has as many elements as its rows times its
/// columns, also where it is cut off.
static std::vector<Stage> stagesOf(const Window &window, Value x, ArrayRef<int64_t> shape) {
  const Stage whole{window, llvm::to_vector(shape)};
  if (window.kernel[0] == 1 || window.kernel[1] == 1 ||
      window.kernel[0] * window.kernel[1] <= kMostPooledPixels)
    return {whole};
  Stage rows = whole, columns = whole;
  rows.window.kernel[0] = rows.window.strides[0] = rows.window.dilations[0] = 1;
  rows.window.pads[0] = rows.window.pads[2] = 0;
  rows.shape[1] = cast<RankedTensorType>(x.getType()).getShape()[1];
  columns.window.kernel[1] = columns.window.strides[1] = columns.window.dilations[1] = 1;
  columns.window.pads[1] = columns.window.pads[3] = 0;
  return {rows, columns};
}

static LogicalResult convertMaxPool(const Node &node, GraphImporter &graph) {
  if (node.hasOutput(1) && graph.isRead(node.output(1)))
    return graph.fail(node, "output Indices is read (supported: the maxima only)");
  Value x = graph.value(node, 0, imagePermutation());
  Window window;
  SmallVector<int64_t> shape;
  if (!x || failed(resolve(node, graph, x, window, shape)))
    return failure();
  for (const Stage &stage : stagesOf(window, x, shape))
    x = nn::MaxPoolOp::create(graph.builder(), graph.location(node), graph.tensorType(stage.shape), x,
                              stage.window.kernel, stage.window.strides, stage.window.pads,
                              stage.window.dilations, nullptr);
  return graph.define(node, 0, x, imagePermutation());
}

static LogicalResult convertAveragePool(const Node &node, GraphImporter &graph) {
  Value x = graph.value(node, 0, imagePermutation());
  Window window;
  SmallVector<int64_t> shape;
  if (!x || failed(resolve(node, graph, x, window, shape)))
    return failure();
  ArrayRef<int64_t> image = cast<RankedTensorType>(x.getType()).getShape().slice(1, 2);
  if (ArrayRef(window.kernel) == image && llvm::all_of(window.pads, [](int64_t pad) { return pad == 0; }) &&
      llvm::product_of(image) > kMostPooledPixels)
    return meanOverAxes(node, graph, {2, 3}, /*keepDimensions=*/true);
  for (const Stage &stage : stagesOf(window, x, shape))
    x = nn::AvgPoolOp::create(graph.builder(), graph.location(node), graph.tensorType(stage.shape), x,
                              stage.window.kernel, stage.window.strides, stage.window.pads,
                              stage.window.dilations, node.integer("count_include_pad", 0) != 0, nullptr);
  return graph.define(node, 0, x, imagePermutation());
}

/// The greatest element of every window of `kernel`, all of which lie in x side by side.
static Value greatest(const Node &node, GraphImporter &graph, Value x, std::array<int64_t, 2> kernel) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(x.getType()).getShape();
  const SmallVector<int64_t> window(kernel.begin(), kernel.end()), ones = {1, 1}, noPads = {0, 0, 0, 0};
  return nn::MaxPoolOp::create(
      graph.builder(), graph.location(node),
      graph.tensorType({shape[0], shape[1] / kernel[0], shape[2] / kernel[1], shape[3]}), x, window, window,
      noPads, ones, nullptr);
}

Value greatestOver(const Node &node, GraphImporter &graph, Value x, int64_t outer, int64_t count,
                   int64_t inner) {
  if (inner == 1) { // lanes are columns
    x = nn::TransposeOp::create(graph.builder(), graph.location(node), graph.tensorType({count, outer}),
                                graph.reshape(node, x, {outer, count}), ArrayRef<int64_t>{1, 0}, nullptr);
    std::swap(outer, inner);
  }
  Value image = graph.reshape(node, x, {outer, count, 1, inner});
  return graph.reshape(node, greatest(node, graph, image, {count, 1}), {outer, inner});
}

/// The pixels of input 0 and its channels last as an image of one row, unless it is one already.
static Value asImage(const Node &node, GraphImporter &graph) {
  const size_t rank = graph.hostShape(node, 0).size();
  Value x = graph.value(node, 0, channelsLast(rank));
  if (!x || rank == 4)
    return x;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(x.getType()).getShape();
  const int64_t batch = shape.front(), channels = shape.back();
  return graph.reshape(node, x, {batch, 1, llvm::product_of(shape.drop_front().drop_back()), channels});
}

LogicalResult averagePixels(const Node &node, GraphImporter &graph, bool keepDimensions) {
  const size_t rank = graph.hostShape(node, 0).size();
  Value x = asImage(node, graph);
  if (!x)
    return failure();
  ArrayRef<int64_t> shape = cast<RankedTensorType>(x.getType()).getShape(), window = shape.slice(1, 2);
  const int64_t batch = shape.front(), channels = shape.back();
  SmallVector<int64_t> ones = {1, 1}, noPads = {0, 0, 0, 0};
  Value y = nn::AvgPoolOp::create(graph.builder(), graph.location(node),
                                  graph.tensorType({batch, 1, 1, channels}), x, window, ones, noPads, ones,
                                  /*count_include_pad=*/false, nullptr);
  if (!keepDimensions)
    return graph.define(node, 0, graph.reshape(node, y, {batch, channels}), hostPermutation(2));
  SmallVector<int64_t> kept(rank, 1);
  kept.front() = batch;
  kept.back() = channels;
  return graph.define(node, 0, graph.reshape(node, y, kept), channelsLast(rank));
}

static LogicalResult checkImage(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> shape = graph.hostShape(node, 0);
  if (shape.size() < 3)
    return graph.fail(node, "input '" + node.input(0) + "' has shape " + describe(shape) +
                                ", expected rank 3 or more");
  return success();
}

static LogicalResult convertGlobalAveragePool(const Node &node, GraphImporter &graph) {
  if (failed(checkImage(node, graph)))
    return failure();
  const SmallVector<int64_t> image = llvm::to_vector(llvm::seq<int64_t>(2, graph.hostShape(node, 0).size()));
  return meanOverAxes(node, graph, image, /*keepDimensions=*/true);
}

static LogicalResult convertGlobalMaxPool(const Node &node, GraphImporter &graph) {
  if (failed(checkImage(node, graph)))
    return failure();
  const size_t rank = graph.hostShape(node, 0).size();
  Value x = asImage(node, graph);
  if (!x)
    return failure();
  ArrayRef<int64_t> image = cast<RankedTensorType>(x.getType()).getShape();
  const int64_t batch = image[0], height = image[1], width = image[2], channels = image[3];
  // Rows first: of equal elements the first one in row-major order gets the gradient either way.
  if (height * width > kMostPooledPixels && height > 1)
    x = greatest(node, graph, greatest(node, graph, x, {1, width}), {height, 1});
  else
    x = greatest(node, graph, x, {height, width});
  SmallVector<int64_t> kept(rank, 1);
  kept.front() = batch;
  kept.back() = channels;
  return graph.define(node, 0, graph.reshape(node, x, kept), channelsLast(rank));
}

const std::vector<Operator> poolingOperators = {
    {"AveragePool", checkAveragePool, convertAveragePool},
    {"GlobalAveragePool", nullptr, convertGlobalAveragePool},
    {"GlobalMaxPool", nullptr, convertGlobalMaxPool},
    {"MaxPool", checkMaxPool, convertMaxPool},
};

} // namespace arsis::compiler::onnximport
