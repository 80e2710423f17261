// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations, and Dropout, which like BatchNormalization acts differently in training.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

/// Since opset 14 an attribute says so; before, the presence of the statistics as outputs.
static bool isExportedForTraining(const Node &node) {
  if (node.opset() >= 14)
    return node.integer("training_mode", 0) != 0;
  return node.hasOutput(1) || node.hasOutput(2) || node.hasOutput(3) || node.hasOutput(4);
}

static std::string checkBatchNormalization(const Node &node) {
  if (node.integer("spatial", 1) != 1)
    return "spatial = 0 (supported: 1)";
  return {};
}

namespace {
/// The input of a normalisation as nn takes it: channels last, at most four dimensions.
struct Pixels {
  Value x;
  SmallVector<int64_t> shape; ///< channels last, with all its dimensions
  Permutation permutation;    ///< that of `shape`
  int64_t pixels = 0, channels = 0;
};
} // namespace

static FailureOr<Pixels> readPixels(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> host = graph.hostShape(node, 0);
  if (host.empty())
    return graph.fail(node, "input '" + node.input(0) +
                                "' is a scalar, expected rank 2 or more with the channels in dimension 1");
  bool hasChannels = host.size() > 1; // ONNX: without a dimension 1 there is one channel
  Pixels input;
  input.permutation = hasChannels ? channelsLast(host.size()) : hostPermutation(1);
  input.x = graph.value(node, 0, input.permutation);
  if (!input.x)
    return failure();
  auto type = cast<RankedTensorType>(input.x.getType());
  input.shape.assign(type.getShape().begin(), type.getShape().end());
  input.channels = hasChannels ? input.shape.back() : 1;
  input.pixels = type.getNumElements() / input.channels;
  if (!hasChannels || host.size() > 4)
    input.x = graph.reshape(node, input.x, {input.pixels, input.channels});
  return input;
}

static LogicalResult defineNormalised(const Node &node, GraphImporter &graph, const Pixels &input, Value y) {
  return graph.define(node, 0, graph.reshape(node, y, input.shape), input.permutation);
}

/// `vectors`: scale, bias, running mean, running variance.
static LogicalResult normaliseByBatch(const Node &node, GraphImporter &graph, const Pixels &input,
                                      ArrayRef<Value> vectors, FloatAttr epsilon) {
  if (input.pixels == 1)
    return graph.fail(node, "training needs more than one value per channel to take statistics of");
  if (!isExportedForTraining(node))
    graph.noteBatchStatistics(node);
  if (!graph.options().training)
    emitWarning(graph.location(node))
        << "exported in training mode: normalises by the statistics of the batch";
  OpBuilder &builder = graph.builder();
  // ONNX weighs the old value by momentum, PyTorch and this dialect the new one.
  FloatAttr momentum = builder.getF32FloatAttr(1.0f - node.real("momentum", 0.9f));
  Type vector = vectors[0].getType();
  auto norm = nn::BatchNormOp::create(builder, graph.location(node), input.x.getType(), vector, vector,
                                      vector, vector, input.x, vectors[0], vectors[1], vectors[2], vectors[3],
                                      epsilon, momentum, nullptr, nullptr);
  if (failed(graph.replaceState(node, vectors[2], norm.getNewRunningMean())) ||
      failed(graph.replaceState(node, vectors[3], norm.getNewRunningVar())))
    return failure();
  if (node.hasOutput(1) && failed(graph.define(node, 1, norm.getNewRunningMean(), hostPermutation(1))))
    return failure();
  if (node.hasOutput(2) && failed(graph.define(node, 2, norm.getNewRunningVar(), hostPermutation(1))))
    return failure();
  return defineNormalised(node, graph, input, norm.getY());
}

static LogicalResult convertBatchNormalization(const Node &node, GraphImporter &graph) {
  for (size_t i : {3, 4})
    if (node.hasOutput(i) && graph.isRead(node.output(i)))
      return graph.fail(node, "output '" + node.output(i) +
                                  "' is read (supported: the normalised output and the running statistics)");
  FailureOr<Pixels> input = readPixels(node, graph);
  if (failed(input))
    return failure();
  Value vectors[4];
  for (int i = 0; i < 4; ++i) {
    vectors[i] = graph.value(node, i + 1, hostPermutation(1), /*isState=*/i >= 2);
    if (!vectors[i])
      return failure();
    if (int64_t found = cast<RankedTensorType>(vectors[i].getType()).getDimSize(0); found != input->channels)
      return graph.fail(node, "input '" + node.input(i + 1) + "' has " + Twine(found) +
                                  " elements, expected one for each of the " + Twine(input->channels) +
                                  " channels");
  }
  OpBuilder &builder = graph.builder();
  FloatAttr epsilon = builder.getF32FloatAttr(node.real("epsilon", 1e-5f));
  if (graph.options().training || isExportedForTraining(node))
    return normaliseByBatch(node, graph, *input, vectors, epsilon);
  Value y =
      nn::BatchNormInferenceOp::create(builder, graph.location(node), input->x.getType(), input->x,
                                       vectors[0], vectors[1], vectors[2], vectors[3], epsilon, nullptr);
  return defineNormalised(node, graph, *input, y);
}

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
  const GraphImporter::RandomState random = graph.randomState();
  OpBuilder &builder = graph.builder();
  Value y = nn::DropoutOp::create(builder, graph.location(node), x.value.getType(), x.value, random.seed,
                                  random.step, builder.getF32FloatAttr(*ratio),
                                  builder.getI64IntegerAttr(random.layer), nullptr);
  return graph.define(node, 0, y, x.permutation);
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

static std::string checkLayerNormalization(const Node &node) {
  if (int64_t type = node.integer("stash_type", 1); type != 1)
    return "stash_type = " + std::to_string(type) + " (supported: 1, statistics in fp32)";
  return {};
}

/// A vector of a normalisation over the trailing dimensions `normalised`; null after an error.
static Value readNormalised(const Node &node, GraphImporter &graph, size_t input,
                            ArrayRef<int64_t> normalised, int64_t columns) {
  if (graph.hostShape(node, input) != normalised) {
    (void)graph.fail(node, "input '" + node.input(input) +
                               "' has another shape than the dimensions that are "
                               "normalised");
    return {};
  }
  Value value = graph.value(node, input, hostPermutation(normalised.size()));
  return value ? graph.reshape(node, value, {columns}) : Value();
}

static LogicalResult convertLayerNormalization(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> host = graph.hostShape(node, 0);
  const int64_t rank = host.size(), given = node.integer("axis", -1), axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank)
    return graph.fail(node, "axis is " + Twine(given) + ", expected one of the " + Twine(rank) +
                                " dimensions of '" + node.input(0) + "'");
  ArrayRef<int64_t> leading = ArrayRef(host).take_front(axis), normalised = ArrayRef(host).drop_front(axis);
  const int64_t rows = llvm::product_of(leading), columns = llvm::product_of(normalised);
  Value x = graph.value(node, 0, hostPermutation(rank));
  Value scale = x ? readNormalised(node, graph, 1, normalised, columns) : Value();
  if (!scale)
    return failure();
  OpBuilder &builder = graph.builder();
  Location location = graph.location(node);
  Value bias;
  if (node.hasInput(2))
    bias = readNormalised(node, graph, 2, normalised, columns);
  else
    bias = nn::ConstantOp::create(builder, location,
                                  DenseElementsAttr::get(cast<RankedTensorType>(scale.getType()), 0.0f));
  if (!bias)
    return failure();
  Type row = graph.tensorType({rows}), matrix = graph.tensorType({rows, columns});
  auto norm =
      nn::LayerNormOp::create(builder, location, matrix, row, row, graph.reshape(node, x, {rows, columns}),
                              scale, bias, builder.getF32FloatAttr(node.real("epsilon", 1e-5f)), nullptr);
  SmallVector<int64_t> statistics(leading);
  statistics.append(normalised.size(), 1);
  for (auto [output, value] : {std::pair<size_t, Value>{1, norm.getMean()}, {2, norm.getRstd()}})
    if (node.hasOutput(output) &&
        failed(graph.define(node, output, graph.reshape(node, value, statistics), hostPermutation(rank))))
      return failure();
  return graph.define(node, 0, graph.reshape(node, norm.getY(), host), hostPermutation(rank));
}

const std::vector<Operator> normalizationOperators = {
    {"BatchNormalization",
     checkBatchNormalization,
     convertBatchNormalization,
     {{1, "weight"}, {2, "bias"}, {3, "running_mean"}, {4, "running_var"}}},
    {"Dropout", nullptr, convertDropout},
    {"LayerNormalization", checkLayerNormalization, convertLayerNormalization, {{1, "weight"}, {2, "bias"}}},
};

} // namespace arsis::compiler::onnximport
