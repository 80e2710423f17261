// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conv becomes nn.conv2d on NHWC and HWIO, group included, its bias an nn.bias_add.

#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Window.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

static std::string checkConv(const Node &node) {
  if (int64_t group = node.integer("group", 1); group < 1)
    return "group = " + std::to_string(group) + ", expected at least 1";
  return checkWindow(node);
}

static LogicalResult convertConv(const Node &node, GraphImporter &graph) {
  Value x = graph.value(node, 0, imagePermutation());
  Value w = x ? graph.value(node, 1, kernelPermutation()) : nullptr;
  if (!w)
    return failure();
  ArrayRef<int64_t> xShape = cast<RankedTensorType>(x.getType()).getShape();
  ArrayRef<int64_t> wShape = cast<RankedTensorType>(w.getType()).getShape();
  SmallVector<int64_t> kernel = node.integers("kernel_shape", wShape.take_front(2));
  if (ArrayRef<int64_t>(kernel) != wShape.take_front(2))
    return graph.fail(node, "kernel_shape " + Twine(kernel[0]) + "x" + Twine(kernel[1]) +
                                " differs from the weight's " + Twine(wShape[0]) + "x" + Twine(wShape[1]));
  const int64_t groups = node.integer("group", 1);
  if (groups > wShape[3] || wShape[3] % groups != 0)
    return graph.fail(node, "group = " + Twine(groups) + " does not divide the " + Twine(wShape[3]) +
                                " output channels");
  if (xShape[3] != groups * wShape[2])
    return graph.fail(node, "the input has " + Twine(xShape[3]) + " channels, the weight expects " +
                                Twine(groups * wShape[2]));
  Window window = resolveWindow(node, xShape.slice(1, 2), kernel);
  auto shape = nn::conv2dShape(xShape, wShape, window.strides, window.pads, window.dilations);
  if (shape[1] <= 0 || shape[2] <= 0)
    return graph.fail(node, "the kernel does not fit into the padded input of " + Twine(xShape[1]) + "x" +
                                Twine(xShape[2]));
  OpBuilder &builder = graph.builder();
  Value y = nn::Conv2dOp::create(builder, graph.location(node), graph.tensorType(shape), x, w, window.strides,
                                 window.pads, window.dilations, groups, nullptr, nullptr);
  if (node.hasInput(2)) {
    Value bias = graph.value(node, 2, hostPermutation(1));
    if (!bias)
      return failure();
    if (cast<RankedTensorType>(bias.getType()).getDimSize(0) != shape[3])
      return graph.fail(node, "the bias has " + Twine(cast<RankedTensorType>(bias.getType()).getDimSize(0)) +
                                  " elements, expected " + Twine(shape[3]));
    y = nn::BiasAddOp::create(builder, graph.location(node), y.getType(), y, bias, nullptr);
  }
  return graph.define(node, 0, y, imagePermutation());
}

const std::vector<Operator> convolutionOperators = {
    {"Conv", checkConv, convertConv, {{1, "weight"}, {2, "bias"}}},
};

} // namespace arsis::compiler::onnximport
