// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that act differently in training: BatchNormalization and Dropout.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

/// Since opset 14 an attribute says so; before, the presence of the statistics as outputs.
static bool isExportedForTraining(const Node &node) {
  return node.opset() >= 14 ? node.integer("training_mode", 0) != 0 : node.outputCount() > 1;
}

// Exporters also list saved_mean and saved_var; a node that reads them is reported.
std::string checkBatchNormalization(const Node &node) {
  if (node.integer("spatial", 1) != 1)
    return "spatial = 0 (supported: 1)";
  return {};
}

LogicalResult convertBatchNormalization(const Node &node, GraphImporter &graph) {
  bool image = graph.isRankFour(node, 0);
  Permutation permutation = image ? imagePermutation() : hostPermutation(2);
  Value x = graph.value(node, 0, permutation);
  Value operands[4];
  for (int i = 0; x && i < 4; ++i)
    operands[i] = graph.value(node, i + 1, hostPermutation(1), /*isState=*/i >= 2);
  if (!x || llvm::is_contained(operands, nullptr))
    return failure();
  auto type = cast<RankedTensorType>(x.getType());
  int64_t channels = type.getShape().back();
  for (int i = 0; i < 4; ++i)
    if (int64_t found = cast<RankedTensorType>(operands[i].getType()).getDimSize(0); found != channels)
      return graph.fail(node, "input '" + node.input(i + 1) + "' has " + Twine(found) +
                                  " elements, expected one for "
                                  "each of the " +
                                  Twine(channels) + " channels");
  OpBuilder &builder = graph.builder();
  FloatAttr epsilon = builder.getF32FloatAttr(node.real("epsilon", 1e-5f));
  if (!graph.options().training && !isExportedForTraining(node)) {
    Value y = nn::BatchNormInferenceOp::create(builder, graph.location(node), type, x, operands[0],
                                               operands[1], operands[2], operands[3], epsilon, nullptr);
    return graph.define(node, 0, y, permutation);
  }
  if (type.getNumElements() == channels)
    return graph.fail(node, "training needs more than one value per channel to take statistics of");
  if (!graph.options().training)
    emitWarning(graph.location(node))
        << "exported in training mode: normalises by the statistics of the batch";
  // ONNX weighs the old value by momentum, PyTorch and this dialect the new one.
  FloatAttr momentum = builder.getF32FloatAttr(1.0f - node.real("momentum", 0.9f));
  Type vector = operands[0].getType();
  auto norm = nn::BatchNormOp::create(builder, graph.location(node), type, vector, vector, vector, vector, x,
                                      operands[0], operands[1], operands[2], operands[3], epsilon, momentum,
                                      nullptr, nullptr);
  if (failed(graph.replaceState(node, operands[2], norm.getNewRunningMean())) ||
      failed(graph.replaceState(node, operands[3], norm.getNewRunningVar())))
    return failure();
  if (node.hasOutput(1) && failed(graph.define(node, 1, norm.getNewRunningMean(), hostPermutation(1))))
    return failure();
  if (node.hasOutput(2) && failed(graph.define(node, 2, norm.getNewRunningVar(), hostPermutation(1))))
    return failure();
  return graph.define(node, 0, norm.getY(), permutation);
}

LogicalResult convertDropout(const Node &node, GraphImporter &graph) {
  float ratio = node.real("ratio", 0.5f);
  bool trains = graph.options().training;
  if (node.hasInput(1)) {
    const Tensor *given = graph.constant(node, 1);
    if (!given || !given->isFloat || given->size() != 1)
      return graph.fail(node, "ratio is computed by other nodes; expected a constant");
    ratio = given->floats[0];
  }
  if (node.hasInput(2)) {
    const Tensor *given = graph.constant(node, 2);
    if (!given || given->isFloat || given->size() != 1)
      return graph.fail(node, "training_mode is computed by other nodes; expected a constant");
    trains |= given->integers[0] != 0;
  }
  if (node.hasOutput(1))
    return graph.fail(node, "output mask (supported: the output only)");
  if (trains && ratio != 0)
    return graph.fail(node, "ratio = " + Twine(std::to_string(ratio)) +
                                " in training (supported: 0; random numbers on the chip are not supported)");
  return graph.forward(node);
}

} // namespace arsis::compiler::onnximport
