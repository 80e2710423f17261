// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations: by the statistics of the batch, of rows, of images or groups of channels, and of
// neighbouring channels. Those of images are layer norms of rows in the order of the host.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

#include "mlir/IR/Diagnostics.h"

#include <charconv>

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

/// 1 - `momentum`, taken for the shortest decimal number that rounds to it: 0.0003 is 0.9997 in a file, whose
/// difference from 1 in fp32 is off by 5e-5 of itself.
static double newShare(float momentum) {
  char text[32];
  const std::to_chars_result written = std::to_chars(text, text + sizeof text, momentum);
  double shortest = 0;
  std::from_chars(text, written.ptr, shortest);
  return 1.0 - shortest;
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
  FloatAttr momentum = builder.getF32FloatAttr(static_cast<float>(newShare(node.real("momentum", 0.9f))));
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

/// The input seen as rows of so many elements, in the order of the host, normalised; scale and bias are left
/// to do.
static Value normaliseRows(const Node &node, GraphImporter &graph, Value x, int64_t columns) {
  const Emitter emit{node, graph};
  const int64_t rows = cast<RankedTensorType>(x.getType()).getNumElements() / columns;
  Type row = graph.tensorType({rows}), matrix = graph.tensorType({rows, columns});
  auto norm =
      nn::LayerNormOp::create(graph.builder(), graph.location(node), matrix, row, row,
                              emit.reshape(x, {rows, columns}), emit.constant({columns}, 1),
                              emit.constant({columns}, 0), emit.number(node.real("epsilon", 1e-5f)), nullptr);
  return norm.getY();
}

/// Normalises each of the groups of `channels / groups` channels of every image, then scales and shifts by
/// inputs 1 and 2, which have one element for each channel, or for each group.
static LogicalResult normaliseGroups(const Node &node, GraphImporter &graph, int64_t groups,
                                     bool perChannel) {
  const SmallVector<int64_t> host = graph.hostShape(node, 0);
  const int64_t batch = host[0], channels = host[1], parts = perChannel ? channels : groups,
                pixels = llvm::product_of(ArrayRef(host).drop_front(2));
  Value x = graph.value(node, 0, hostPermutation(host.size()));
  if (!x)
    return failure();
  Value vectors[2];
  for (size_t input : {1, 2}) {
    vectors[input - 1] = graph.value(node, input, hostPermutation(1));
    if (!vectors[input - 1])
      return failure();
    if (const int64_t found = shapeOnChip(vectors[input - 1])[0]; found != parts)
      return graph.fail(node, "input '" + node.input(input) + "' has " + Twine(found) +
                                  " elements, expected one for each of the " + Twine(parts) +
                                  (perChannel ? " channels" : " groups"));
  }
  const Emitter emit{node, graph};
  const SmallVector<int64_t> along = {1};
  Value y = normaliseRows(node, graph, x, channels / groups * pixels);
  y = emit.reshape(y, {batch, parts, channels / parts * pixels});
  y = emit.add(emit.multiply(y, vectors[0], ArrayRef(along)), vectors[1], ArrayRef(along));
  return graph.define(node, 0, emit.reshape(y, host), hostPermutation(host.size()));
}

static LogicalResult checkRank(const Node &node, GraphImporter &graph, size_t least) {
  SmallVector<int64_t> host = graph.hostShape(node, 0);
  return host.size() >= least
             ? success()
             : LogicalResult(graph.fail(node, "input '" + node.input(0) + "' has shape " + describe(host) +
                                                  ", expected rank " + Twine(least) + " or more"));
}

static LogicalResult convertInstanceNormalization(const Node &node, GraphImporter &graph) {
  if (failed(checkRank(node, graph, 3)))
    return failure();
  return normaliseGroups(node, graph, graph.hostShape(node, 0)[1], /*perChannel=*/true);
}

static std::string checkGroupNormalization(const Node &node) {
  if (node.integer("num_groups", 0) < 1)
    return "num_groups = " + std::to_string(node.integer("num_groups", 0)) + ", expected at least 1";
  return checkLayerNormalization(node);
}

static LogicalResult convertGroupNormalization(const Node &node, GraphImporter &graph) {
  constexpr int64_t kVectorsPerChannel =
      21; // the opset since which scale and bias have an element per channel
  if (failed(checkRank(node, graph, 3)))
    return failure();
  const int64_t groups = node.integer("num_groups", 0), channels = graph.hostShape(node, 0)[1];
  if (channels % groups != 0)
    return graph.fail(node, "num_groups = " + Twine(groups) + " does not divide the " + Twine(channels) +
                                " channels");
  return normaliseGroups(node, graph, groups, node.opset() >= kVectorsPerChannel);
}

static std::string checkLrn(const Node &node) {
  if (node.integer("size", 0) < 1)
    return "size = " + std::to_string(node.integer("size", 0)) + ", expected at least 1";
  if (!(node.real("bias", 1) > 0))
    return "bias = " + std::to_string(node.real("bias", 1)) + " (supported: positive numbers)";
  return {};
}

/// x * (bias + alpha * mean of squares)^-beta, the mean over `size` neighbouring channels, of which those
/// that are not there count as zeros: an average pooling of one channel whose image is the row of channels.
static LogicalResult convertLrn(const Node &node, GraphImporter &graph) {
  if (failed(checkRank(node, graph, 3)))
    return failure();
  const size_t rank = graph.hostShape(node, 0).size();
  Value x = graph.value(node, 0, channelsLast(rank));
  if (!x)
    return failure();
  const Emitter emit{node, graph};
  const SmallVector<int64_t> shape = shapeOnChip(x);
  const int64_t size = node.integer("size", 0), rows = llvm::product_of(ArrayRef(shape).drop_back()),
                before = std::min((size - 1) / 2, shape.back()), behind = std::min(size / 2, shape.back());
  const SmallVector<int64_t> row = {rows, 1, shape.back(), 1}, ones = {1, 1};
  // A window larger than twice the channels sees the same of them as one that reaches all.
  const SmallVector<int64_t> kernel = {1, before + behind + 1}, pads = {0, before, 0, behind};
  Value squares = emit.reshape(emit.multiply(x, x), row);
  Value mean = nn::AvgPoolOp::create(graph.builder(), graph.location(node), graph.tensorType(row), squares,
                                     kernel, ones, pads, ones, /*count_include_pad=*/true, nullptr);
  const double alpha = double(node.real("alpha", 1e-4f)) * double(kernel[1]) / double(size);
  Value base = emit.affine(emit.reshape(mean, shape), alpha, node.real("bias", 1));
  Value factor = emit.of<nn::ExpOp>(emit.affine(emit.of<nn::LogOp>(base), -node.real("beta", 0.75f), 0));
  return graph.define(node, 0, emit.multiply(x, factor), channelsLast(rank));
}

const std::vector<Operator> normalizationOperators = {
    {"BatchNormalization",
     checkBatchNormalization,
     convertBatchNormalization,
     {{1, "weight"}, {2, "bias"}, {3, "running_mean"}, {4, "running_var"}}},
    {"GroupNormalization", checkGroupNormalization, convertGroupNormalization, {{1, "weight"}, {2, "bias"}}},
    {"InstanceNormalization", nullptr, convertInstanceNormalization, {{1, "weight"}, {2, "bias"}}},
    {"LRN", checkLrn, convertLrn},
    {"LayerNormalization", checkLayerNormalization, convertLayerNormalization, {{1, "weight"}, {2, "bias"}}},
};

} // namespace arsis::compiler::onnximport
