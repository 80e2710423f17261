// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What draws random numbers in a training step: Dropout, and Bernoulli, of which stochastic depth is made.
// Outside of one, Dropout keeps every element and Bernoulli is its mean.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

/// The part of the elements that the node drops in training; failure if the file does not say.
static FailureOr<float> dropoutRatio(const Node &node, GraphImporter &graph) {
  if (!node.hasInput(1))
    return node.real("ratio", 0.5f);
  const Tensor *given = graph.constant(node, 1);
  if (!given || !given->isFloat || given->size() != 1)
    return graph.fail(node, "ratio is computed by other nodes; expected a constant");
  return given->floats[0];
}

/// Whether the file says that the node drops elements; nothing if it does not say.
static std::optional<bool> isInTrainingMode(const Node &node, GraphImporter &graph) {
  const Tensor *mode = node.hasInput(2) ? graph.constant(node, 2) : nullptr;
  if (!mode || mode->isFloat || mode->size() != 1)
    return std::nullopt;
  return mode->integers[0] != 0;
}

static Value drop(const Node &node, GraphImporter &graph, Value x, float ratio) {
  const GraphImporter::RandomState random = graph.randomState();
  OpBuilder &builder = graph.builder();
  return nn::DropoutOp::create(builder, graph.location(node), x.getType(), x, random.seed, random.step,
                               builder.getF32FloatAttr(ratio), builder.getI64IntegerAttr(random.layer),
                               nullptr);
}

static LogicalResult dropElements(const Node &node, GraphImporter &graph) {
  FailureOr<float> ratio = dropoutRatio(node, graph);
  if (failed(ratio))
    return failure();
  if (*ratio == 0)
    return graph.forward(node);
  if (!(*ratio > 0 && *ratio < 1))
    return graph.fail(node, "ratio = " + Twine(std::to_string(*ratio)) + ", expected 0 to less than 1");
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  if (x.permutation.empty())
    return graph.fail(node, "of a scalar (supported: one dimension or more)");
  if (isInTrainingMode(node, graph) == false)
    graph.noteDropout(node);
  return graph.define(node, 0, drop(node, graph, x.value, *ratio), x.permutation);
}

static LogicalResult convertDropout(const Node &node, GraphImporter &graph) {
  if (node.hasOutput(1) && graph.isRead(node.output(1)))
    return graph.fail(node, "output mask is read (supported: the output only)");
  if (graph.options().training)
    return dropElements(node, graph);
  if (isInTrainingMode(node, graph) == true)
    emitWarning(graph.location(node)) << "exported in training mode: keeps every element here";
  return graph.forward(node);
}

static LogicalResult convertBernoulli(const Node &node, GraphImporter &graph) {
  const Tensor *given = graph.constant(node, 0);
  if (!given || !given->isFloat || !given->isUniform())
    return graph.fail(node,
                      "draws by probabilities that differ or are computed by other nodes (supported: one "
                      "probability for all elements, known at import)");
  const float probability = given->floats.front();
  if (!(probability > 0 && probability <= 1))
    return graph.fail(node, "draws by the probability " + Twine(std::to_string(probability)) +
                                ", expected more than 0 and at most 1");
  if (given->shape.empty())
    return graph.fail(node, "of a scalar (supported: one dimension or more)");
  const Emitter emit{node, graph};
  Value y;
  if (graph.options().training && probability < 1) {
    // What dropout keeps of ones is at least 1.
    y = emit.clip(drop(node, graph, emit.constant(given->shape, 1), 1 - probability), std::nullopt, 1);
  } else {
    if (!graph.options().training)
      emitWarning(graph.location(node)) << "exported in training mode: is its mean here";
    y = emit.constant(given->shape, probability);
  }
  return graph.define(node, 0, y, hostPermutation(given->shape.size()));
}

const std::vector<Operator> randomOperators = {
    {"Bernoulli", nullptr, convertBernoulli},
    {"Dropout", nullptr, convertDropout},
};

} // namespace arsis::compiler::onnximport
