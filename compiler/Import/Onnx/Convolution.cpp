// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conv becomes nn.conv2d on NHWC and HWIO, group included, its bias an nn.bias_add. ConvTranspose is the
// gradient of such a convolution with respect to its input; the file keeps the weight as that convolution's.

#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Window.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

static std::string checkConv(const Node &node) {
  if (int64_t group = node.integer("group", 1); group < 1)
    return "group = " + std::to_string(group) + ", expected at least 1";
  return checkWindow(node);
}

static LogicalResult checkKernel(const Node &node, GraphImporter &graph, ArrayRef<int64_t> wShape) {
  SmallVector<int64_t> kernel = node.integers("kernel_shape", wShape.take_front(2));
  if (ArrayRef<int64_t>(kernel) == wShape.take_front(2))
    return success();
  return graph.fail(node, "kernel_shape " + Twine(kernel[0]) + "x" + Twine(kernel[1]) +
                              " differs from the weight's " + Twine(wShape[0]) + "x" + Twine(wShape[1]));
}

/// Defines output 0 as y plus input 2, if the node has one.
static LogicalResult addBias(const Node &node, GraphImporter &graph, Value y) {
  if (node.hasInput(2)) {
    Value bias = graph.value(node, 2, hostPermutation(1));
    if (!bias)
      return failure();
    const int64_t channels = cast<RankedTensorType>(y.getType()).getShape().back(),
                  found = cast<RankedTensorType>(bias.getType()).getDimSize(0);
    if (found != channels)
      return graph.fail(node, "the bias has " + Twine(found) + " elements, expected " + Twine(channels));
    y = nn::BiasAddOp::create(graph.builder(), graph.location(node), y.getType(), y, bias, nullptr);
  }
  return graph.define(node, 0, y, imagePermutation());
}

namespace {
struct Operands {
  Value x, w;
  ArrayRef<int64_t> xShape, wShape; ///< n h w c, and kh kw, then what a group and what all of them have
  int64_t groups;
};
} // namespace

/// Image and weight of a convolution, or of one transposed, whose weight has as its last dimension what
/// `channels` says.
static FailureOr<Operands> readOperands(const Node &node, GraphImporter &graph, StringRef channels) {
  Value x = graph.value(node, 0, imagePermutation());
  Value w = x ? graph.value(node, 1, kernelPermutation()) : nullptr;
  if (!w)
    return failure();
  Operands operands{x, w, cast<RankedTensorType>(x.getType()).getShape(),
                    cast<RankedTensorType>(w.getType()).getShape(), node.integer("group", 1)};
  if (failed(checkKernel(node, graph, operands.wShape)))
    return failure();
  const int64_t all = operands.wShape[3];
  if (operands.groups > all || all % operands.groups != 0)
    return graph.fail(node, "group = " + Twine(operands.groups) + " does not divide the " + Twine(all) + " " +
                                channels + " channels");
  return operands;
}

static LogicalResult convertConv(const Node &node, GraphImporter &graph) {
  FailureOr<Operands> operands = readOperands(node, graph, "output");
  if (failed(operands))
    return failure();
  const auto [x, w, xShape, wShape, groups] = *operands;
  if (xShape[3] != groups * wShape[2])
    return graph.fail(node, "the input has " + Twine(xShape[3]) + " channels, the weight expects " +
                                Twine(groups * wShape[2]));
  Window window = resolveWindow(node, xShape.slice(1, 2), wShape.take_front(2));
  auto shape = nn::conv2dShape(xShape, wShape, window.strides, window.pads, window.dilations);
  if (shape[1] <= 0 || shape[2] <= 0)
    return graph.fail(node, "the kernel does not fit into the padded input of " + Twine(xShape[1]) + "x" +
                                Twine(xShape[2]));
  Value y = nn::Conv2dOp::create(graph.builder(), graph.location(node), graph.tensorType(shape), x, w,
                                 window.strides, window.pads, window.dilations, groups, nullptr, nullptr);
  return addBias(node, graph, y);
}

static std::string checkConvTranspose(const Node &node) {
  for (StringRef attribute : {"output_padding", "output_shape"})
    if (SmallVector<int64_t> values = node.integers(attribute, {}); !values.empty()) {
      if (values.size() != 2)
        return attribute.str() + " has " + std::to_string(values.size()) +
               " numbers (supported: 2, two spatial dimensions)";
      for (int64_t value : values)
        if (value < 0 || value > isa::kLargestExtent)
          return attribute.str() + " holds " + std::to_string(value) + ", expected 0 to " +
                 std::to_string(isa::kLargestExtent);
    }
  return checkConv(node);
}

/// The height and width of the result; sets the pads that give them where the node names the result instead.
static FailureOr<SmallVector<int64_t>> transposedExtents(const Node &node, GraphImporter &graph,
                                                         ArrayRef<int64_t> spatial, Window &window) {
  const SmallVector<int64_t> padding = node.integers("output_padding", {0, 0}),
                             named = node.integers("output_shape", {});
  const std::string autoPad = node.text("auto_pad", "NOTSET");
  const bool isSame = StringRef(autoPad).starts_with("SAME");
  SmallVector<int64_t> extents;
  for (int dim = 0; dim < 2; ++dim) {
    const int64_t stride = window.strides[dim];
    if (padding[dim] >= stride)
      return graph.fail(node, "output_padding " + Twine(padding[dim]) +
                                  " (supported: less than the stride, " + Twine(stride) + ")");
    const int64_t whole = stride * (spatial[dim] - 1) + padding[dim] +
                          nn::dilatedKernel(window.kernel[dim], window.dilations[dim]);
    if (named.empty() && !isSame) {
      extents.push_back(whole - window.pads[dim] - window.pads[dim + 2]);
    } else {
      extents.push_back(named.empty() ? stride * spatial[dim] : named[dim]);
      const int64_t total = whole - extents.back(), half = total / 2;
      if (total < 0)
        return graph.fail(node, "asks for an output of " + Twine(extents.back()) + " along dimension " +
                                    Twine(dim + 2) + ", expected at most " + Twine(whole));
      window.pads[dim] = autoPad == "SAME_UPPER" ? half : total - half;
      window.pads[dim + 2] = total - window.pads[dim];
    }
    if (extents.back() < 1)
      return graph.fail(node, "the pads leave nothing of an output of " + Twine(whole) + " along dimension " +
                                  Twine(dim + 2));
  }
  return extents;
}

static LogicalResult convertConvTranspose(const Node &node, GraphImporter &graph) {
  FailureOr<Operands> operands = readOperands(node, graph, "input");
  if (failed(operands))
    return failure();
  const auto [x, w, xShape, wShape, groups] = *operands;
  if (xShape[3] != wShape[3])
    return graph.fail(node, "the input has " + Twine(xShape[3]) + " channels, the weight expects " +
                                Twine(wShape[3]));
  // Pads of its own are taken as they are; what auto_pad means for the result follows from its extents.
  Window window = resolveWindow(node, xShape.slice(1, 2), wShape.take_front(2));
  FailureOr<SmallVector<int64_t>> extents = transposedExtents(node, graph, xShape.slice(1, 2), window);
  if (failed(extents))
    return failure();
  SmallVector<int64_t> shape = {xShape[0], (*extents)[0], (*extents)[1], groups * wShape[2]};
  if (std::string problem = sizeProblem(shape); !problem.empty())
    return graph.fail(node, "the result has " + problem);
  OpBuilder &builder = graph.builder();
  Value y = nn::Conv2dGradInputOp::create(
      builder, graph.location(node), graph.tensorType(shape), x, w,
      builder.getDenseI64ArrayAttr(window.strides), builder.getDenseI64ArrayAttr(window.pads),
      builder.getDenseI64ArrayAttr(window.dilations), builder.getI64IntegerAttr(groups), nullptr, nullptr);
  return addBias(node, graph, y);
}

const std::vector<Operator> convolutionOperators = {
    {"Conv", checkConv, convertConv, {{1, "weight"}, {2, "bias"}}},
    {"ConvTranspose", checkConvTranspose, convertConvTranspose, {{1, "weight"}, {2, "bias"}}},
};

} // namespace arsis::compiler::onnximport
