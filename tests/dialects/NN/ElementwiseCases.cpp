// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shapes of elementwise operations: every rank, and operands that repeat along any dimensions.
#include "tests/dialects/NN/StructureCases.h"

namespace arsis::nn::testing {

using Operations = std::vector<mlir::Operation *>;

namespace {

const std::vector<Shape> kImages = {{1}, {7}, {1, 4}, {37, 2}, {2, 3, 5}, {2, 3, 1, 5}};

/// Of as many operands of one shape as given, every rank.
Operations aligned(Bench &bench, const char *name, size_t operands,
                   const mlir::NamedAttrList &attributes = {}) {
  Operations operations;
  for (const Shape &shape : std::vector<Shape>{{}, {1}, {17}, {3, 5}, {2, 3, 1, 5}, {2, 1, 3, 1, 2}})
    operations.push_back(bench.make(name, std::vector<Shape>(operands, shape), {shape}, attributes));
  return operations;
}
Operations relu(Bench &bench) { return aligned(bench, "nn.relu", 1); }
Operations reluGrad(Bench &bench) { return aligned(bench, "nn.relu_grad", 2); }
Operations tangent(Bench &bench) { return aligned(bench, "nn.tanh", 1); }
Operations tangentGrad(Bench &bench) { return aligned(bench, "nn.tanh_grad", 2); }

Operations cast(Bench &bench) { return aligned(bench, "nn.cast", 1); }

Operations unscale(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kImages)
    operations.push_back(bench.make("nn.unscale", {shape, {}}, {shape}));
  return operations;
}

Operations biasAdd(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kImages)
    operations.push_back(bench.make("nn.bias_add", {shape, {shape.back()}}, {shape}));
  return operations;
}

Operations erf(Bench &bench) { return aligned(bench, "nn.erf", 1); }
Operations exponential(Bench &bench) { return aligned(bench, "nn.exp", 1); }
Operations logarithm(Bench &bench) { return aligned(bench, "nn.log", 1); }
Operations reciprocal(Bench &bench) { return aligned(bench, "nn.reciprocal", 1); }
Operations squareRoot(Bench &bench) { return aligned(bench, "nn.sqrt", 1); }
Operations softplus(Bench &bench) { return aligned(bench, "nn.softplus", 1); }
Operations sigmoid(Bench &bench) { return aligned(bench, "nn.sigmoid", 1); }
Operations sigmoidGrad(Bench &bench) { return aligned(bench, "nn.sigmoid_grad", 2); }
Operations sigmoidLoss(Bench &bench) { return aligned(bench, "nn.sigmoid_cross_entropy", 2); }
Operations sigmoidLossGrad(Bench &bench) { return aligned(bench, "nn.sigmoid_cross_entropy_grad", 3); }
Operations hardSwish(Bench &bench) { return aligned(bench, "nn.hard_swish", 1); }
Operations hardSwishGrad(Bench &bench) { return aligned(bench, "nn.hard_swish_grad", 2); }

/// Operations with each of several lists of numbers.
Operations withNumbers(Bench &bench, const char *name, size_t operands,
                       const std::vector<std::map<const char *, float>> &lists) {
  Operations operations;
  for (const std::map<const char *, float> &numbers : lists) {
    mlir::NamedAttrList attributes;
    for (auto [attribute, value] : numbers)
      attributes.push_back(bench.number(attribute, value));
    const Operations more = aligned(bench, name, operands, attributes);
    operations.insert(operations.end(), more.begin(), more.end());
  }
  return operations;
}
Operations affine(Bench &bench) {
  return withNumbers(bench, "nn.affine", 1,
                     {{{"scale", 0.3f}, {"offset", -1.7f}},
                      {{"scale", 1}, {"offset", 0.1f}},
                      {{"scale", -3}, {"offset", 0}},
                      {{"scale", 1}, {"offset", 0}},
                      {{"scale", 0}, {"offset", 2}}});
}
const std::vector<std::map<const char *, float>> kBounds = {
    {{"low", 0}, {"high", 6}}, {{"low", -0.5f}}, {{"high", 0.25f}}, {{"low", -1}, {"high", 1}}};
Operations clip(Bench &bench) { return withNumbers(bench, "nn.clip", 1, kBounds); }
Operations clipGrad(Bench &bench) { return withNumbers(bench, "nn.clip_grad", 2, kBounds); }
const std::vector<std::map<const char *, float>> kSlopes = {
    {{"slope", 0.01f}}, {{"slope", -2}}, {{"slope", 0}}};
Operations leakyRelu(Bench &bench) { return withNumbers(bench, "nn.leaky_relu", 1, kSlopes); }
Operations leakyReluGrad(Bench &bench) { return withNumbers(bench, "nn.leaky_relu_grad", 2, kSlopes); }
Operations elu(Bench &bench) { return withNumbers(bench, "nn.elu", 1, {{{"alpha", 1}}, {{"alpha", 0.3f}}}); }
Operations eluGrad(Bench &bench) {
  return withNumbers(bench, "nn.elu_grad", 2, {{{"alpha", 1}}, {{"alpha", 0.3f}}});
}

/// Operations whose operand `repeating` of so many lies along some dimensions of their result.
Operations repeating(Bench &bench, const char *name, size_t operands, size_t repeating) {
  const std::vector<std::pair<Shape, std::vector<int64_t>>> cases = {{{}, {}},
                                                                     {{7}, {}},
                                                                     {{7}, {0}},
                                                                     {{3, 5}, {0}},
                                                                     {{3, 5}, {1}},
                                                                     {{2, 3, 5}, {1}},
                                                                     {{2, 3, 5}, {0, 2}},
                                                                     {{2, 3, 1, 5}, {0, 3}},
                                                                     {{2, 3, 4, 5}, {}},
                                                                     {{2, 3, 4, 5}, {1, 2}},
                                                                     {{2, 3, 4, 5}, {1, 3}},
                                                                     {{2, 3, 4, 2, 3}, {0, 2, 4}}};
  Operations operations = operands > 1 ? aligned(bench, name, operands) : Operations();
  for (const auto &[shape, along] : cases) {
    std::vector<Shape> shapes(operands, shape);
    shapes[repeating].clear();
    for (int64_t dimension : along)
      shapes[repeating].push_back(shape[dimension]);
    mlir::NamedAttrList attributes;
    attributes.push_back(bench.numbers("along", along));
    operations.push_back(bench.make(name, shapes, {shape}, attributes));
  }
  return operations;
}
Operations add(Bench &bench) { return repeating(bench, "nn.add", 2, 1); }
Operations multiply(Bench &bench) { return repeating(bench, "nn.multiply", 2, 1); }
Operations broadcast(Bench &bench) { return repeating(bench, "nn.broadcast", 1, 0); }
Operations prelu(Bench &bench) { return repeating(bench, "nn.prelu", 2, 1); }
Operations preluGrad(Bench &bench) { return repeating(bench, "nn.prelu_grad", 3, 1); }

} // namespace

const std::map<std::string, Operations (*)(Bench &)> &elementwiseCases() {
  static const std::map<std::string, Operations (*)(Bench &)> cases = {
      {"nn.relu", relu},
      {"nn.relu_grad", reluGrad},
      {"nn.tanh", tangent},
      {"nn.tanh_grad", tangentGrad},
      {"nn.bias_add", biasAdd},
      {"nn.cast", cast},
      {"nn.unscale", unscale},
      {"nn.erf", erf},
      {"nn.exp", exponential},
      {"nn.log", logarithm},
      {"nn.reciprocal", reciprocal},
      {"nn.sqrt", squareRoot},
      {"nn.softplus", softplus},
      {"nn.sigmoid", sigmoid},
      {"nn.sigmoid_grad", sigmoidGrad},
      {"nn.sigmoid_cross_entropy", sigmoidLoss},
      {"nn.sigmoid_cross_entropy_grad", sigmoidLossGrad},
      {"nn.hard_swish", hardSwish},
      {"nn.hard_swish_grad", hardSwishGrad},
      {"nn.affine", affine},
      {"nn.clip", clip},
      {"nn.clip_grad", clipGrad},
      {"nn.leaky_relu", leakyRelu},
      {"nn.leaky_relu_grad", leakyReluGrad},
      {"nn.elu", elu},
      {"nn.elu_grad", eluGrad},
      {"nn.add", add},
      {"nn.multiply", multiply},
      {"nn.broadcast", broadcast},
      {"nn.prelu", prelu},
      {"nn.prelu_grad", preluGrad},
  };
  return cases;
}

} // namespace arsis::nn::testing
