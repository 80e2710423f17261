// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MaxPool and AveragePool; GlobalAveragePool, and ReduceMean over height and width, are averages over a
// window as large as the image.

#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Window.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

std::string checkMaxPool(const Node &node) {
  if (node.hasOutput(1))
    return "output Indices (supported: the maxima only)";
  if (node.integer("storage_order", 0) != 0)
    return "storage_order = 1 (supported: 0)";
  return checkWindow(node);
}

std::string checkAveragePool(const Node &node) { return checkWindow(node); }

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

LogicalResult convertMaxPool(const Node &node, GraphImporter &graph) {
  Value x = graph.value(node, 0, imagePermutation());
  Window window;
  SmallVector<int64_t> shape;
  if (!x || failed(resolve(node, graph, x, window, shape)))
    return failure();
  Value y = nn::MaxPoolOp::create(graph.builder(), graph.location(node), graph.tensorType(shape), x,
                                  window.kernel, window.strides, window.pads, window.dilations, nullptr);
  return graph.define(node, 0, y, imagePermutation());
}

LogicalResult convertAveragePool(const Node &node, GraphImporter &graph) {
  Value x = graph.value(node, 0, imagePermutation());
  Window window;
  SmallVector<int64_t> shape;
  if (!x || failed(resolve(node, graph, x, window, shape)))
    return failure();
  Value y = nn::AvgPoolOp::create(graph.builder(), graph.location(node), graph.tensorType(shape), x,
                                  window.kernel, window.strides, window.pads, window.dilations,
                                  node.integer("count_include_pad", 0) != 0, nullptr);
  return graph.define(node, 0, y, imagePermutation());
}

/// The mean over height and width, as an image of one pixel.
static Value averageImage(const Node &node, GraphImporter &graph, Value x) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(x.getType()).getShape();
  SmallVector<int64_t> ones = {1, 1}, noPads = {0, 0, 0, 0};
  return nn::AvgPoolOp::create(graph.builder(), graph.location(node),
                               graph.tensorType({shape[0], 1, 1, shape[3]}), x, shape.slice(1, 2), ones,
                               noPads, ones, /*count_include_pad=*/false, nullptr);
}

LogicalResult convertGlobalAveragePool(const Node &node, GraphImporter &graph) {
  Value x = graph.value(node, 0, imagePermutation());
  return x ? graph.define(node, 0, averageImage(node, graph, x), imagePermutation()) : failure();
}

std::string checkReduceMean(const Node &node) {
  SmallVector<int64_t> axes = node.integers("axes", {});
  for (int64_t &axis : axes)
    axis += axis < 0 ? 4 : 0;
  llvm::sort(axes);
  return ArrayRef<int64_t>(axes) == ArrayRef<int64_t>({2, 3}) ? ""
                                                              : "axes (supported: 2 and 3, height and width)";
}

LogicalResult convertReduceMean(const Node &node, GraphImporter &graph) {
  Value x = graph.value(node, 0, imagePermutation());
  if (!x)
    return failure();
  Value y = averageImage(node, graph, x);
  if (node.integer("keepdims", 1) != 0)
    return graph.define(node, 0, y, imagePermutation());
  ArrayRef<int64_t> shape = cast<RankedTensorType>(x.getType()).getShape();
  return graph.define(node, 0, graph.reshape(node, y, {shape[0], shape[3]}), hostPermutation(2));
}

} // namespace arsis::compiler::onnximport
