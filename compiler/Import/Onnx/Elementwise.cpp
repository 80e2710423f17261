// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of one operand, element by element, whose result is in the operand's arrangement.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace arsis::compiler::onnximport {

template <class Op> static LogicalResult convertUnary(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  Value y = Op::create(graph.builder(), graph.location(node), x.value.getType(), x.value, nullptr);
  return graph.define(node, 0, y, x.permutation);
}

template <class Make> static LogicalResult convertBy(const Node &node, GraphImporter &graph, Make make) {
  Arranged x = graph.valueAsItIs(node, 0);
  return x ? graph.define(node, 0, make(x.value), x.permutation) : failure();
}

/// A bound of Clip, an input since opset 11 and an attribute before; nothing if it bounds nothing.
static FailureOr<std::optional<float>> boundOf(const Node &node, GraphImporter &graph, size_t input,
                                               StringRef attribute) {
  constexpr int64_t kBoundsAreInputs = 11;
  constexpr float kMost = std::numeric_limits<float>::max();
  float bound = std::numeric_limits<float>::infinity();
  if (node.opset() < kBoundsAreInputs) {
    bound = node.real(attribute, bound);
  } else if (node.hasInput(input)) {
    const Tensor *tensor = graph.constant(node, input);
    if (!tensor || !tensor->isFloat || tensor->size() != 1)
      return graph.fail(node, "input '" + node.input(input) +
                                  "' is not a float known at import (supported: bounds that are constants)");
    bound = tensor->floats.front();
  }
  // The default of the older form is the greatest float.
  return bound < kMost && bound > -kMost ? std::optional(bound) : std::nullopt;
}

static LogicalResult convertClip(const Node &node, GraphImporter &graph) {
  FailureOr<std::optional<float>> low = boundOf(node, graph, 1, "min"), high = boundOf(node, graph, 2, "max");
  if (failed(low) || failed(high))
    return failure();
  if (!*low && !*high)
    return graph.forward(node);
  if (*low && *high && **low >= **high)
    return graph.fail(node, "clips to values from " + std::to_string(**low) + " to " +
                                std::to_string(**high) + " (supported: a lower bound below the upper one)");
  return convertBy(node, graph, [&](Value x) { return Emitter{node, graph}.clip(x, *low, *high); });
}

static LogicalResult convertHardSigmoid(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) {
    const Emitter emit{node, graph};
    return emit.clip(emit.affine(x, node.real("alpha", 0.2f), node.real("beta", 0.5f)), 0, 1);
  });
}

static LogicalResult convertLeakyRelu(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) -> Value {
    return nn::LeakyReluOp::create(graph.builder(), graph.location(node), x.getType(), x,
                                   Emitter{node, graph}.number(node.real("alpha", 0.01f)), nullptr);
  });
}

static Value elu(const Emitter &emit, Value x, double alpha) {
  return nn::EluOp::create(emit.graph.builder(), emit.graph.location(emit.node), x.getType(), x,
                           emit.number(alpha), nullptr);
}

static LogicalResult convertElu(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) {
    return elu(Emitter{node, graph}, x, node.real("alpha", 1.0f));
  });
}

static LogicalResult convertMish(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) {
    const Emitter emit{node, graph};
    return emit.multiply(x, emit.of<nn::TanhOp>(emit.of<nn::SoftplusOp>(x)));
  });
}

/// The magnitude, of which zero has no slope: one of two ReLUs is zero.
Value magnitude(const Emitter &emit, Value x) {
  return emit.add(emit.of<nn::ReluOp>(x), emit.of<nn::ReluOp>(emit.affine(x, -1, 0)));
}

static LogicalResult convertAbs(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) { return magnitude(Emitter{node, graph}, x); });
}

/// alpha * elu(x / alpha).
static LogicalResult convertCelu(const Node &node, GraphImporter &graph) {
  const double alpha = node.real("alpha", 1.0f);
  if (!std::isfinite(1 / alpha))
    return graph.fail(node, "alpha = " + std::to_string(alpha) + ", expected a number with a reciprocal");
  return convertBy(node, graph, [&](Value x) {
    const Emitter emit{node, graph};
    return emit.affine(elu(emit, emit.affine(x, 1 / alpha, 0), 1), alpha, 0);
  });
}

static LogicalResult convertSelu(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) {
    const Emitter emit{node, graph};
    return emit.affine(elu(emit, x, node.real("alpha", 1.67326319217681884765625f)),
                       node.real("gamma", 1.05070102214813232421875f), 0);
  });
}

static LogicalResult convertSoftsign(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) {
    const Emitter emit{node, graph};
    return emit.multiply(x, emit.of<nn::ReciprocalOp>(emit.affine(magnitude(emit, x), 1, 1)));
  });
}

static LogicalResult convertSwish(const Node &node, GraphImporter &graph) {
  return convertBy(node, graph, [&](Value x) {
    const Emitter emit{node, graph};
    const float alpha = node.real("alpha", 1.0f);
    return emit.multiply(x, emit.of<nn::SigmoidOp>(alpha == 1 ? x : emit.affine(x, alpha, 0)));
  });
}

static std::string checkGelu(const Node &node) {
  const std::string form = node.text("approximate", "none");
  return form == "none" || form == "tanh" ? "" : "approximate = '" + form + "' (supported: none, tanh)";
}

/// x * (g(x) / 2 + 1 / 2) with g(x) = erf(x / sqrt(2)) or tanh(sqrt(2 / pi) * x * (1 + 0.044715 * x * x)).
static LogicalResult convertGelu(const Node &node, GraphImporter &graph) {
  constexpr double kInverseSqrt2 = 0.70710678118654752, kSqrt2ByPi = 0.79788456080286536, kCubic = 0.044715;
  return convertBy(node, graph, [&](Value x) {
    const Emitter emit{node, graph};
    Value gate;
    if (node.text("approximate", "none") == "tanh") {
      Value square = emit.multiply(x, x);
      gate = emit.of<nn::TanhOp>(emit.multiply(x, emit.affine(square, kSqrt2ByPi * kCubic, kSqrt2ByPi)));
    } else {
      gate = emit.of<nn::ErfOp>(emit.affine(x, kInverseSqrt2, 0));
    }
    return emit.multiply(x, emit.affine(gate, 0.5, 0.5));
  });
}

const std::vector<Operator> elementwiseOperators = {
    {"Abs", nullptr, convertAbs},
    {"Celu", nullptr, convertCelu},
    {"Clip", nullptr, convertClip},
    {"Elu", nullptr, convertElu},
    {"Erf", nullptr, convertUnary<nn::ErfOp>},
    {"Exp", nullptr, convertUnary<nn::ExpOp>},
    {"Gelu", checkGelu, convertGelu},
    {"HardSigmoid", nullptr, convertHardSigmoid},
    {"HardSwish", nullptr, convertUnary<nn::HardSwishOp>},
    {"LeakyRelu", nullptr, convertLeakyRelu},
    {"Log", nullptr, convertUnary<nn::LogOp>},
    {"Mish", nullptr, convertMish},
    {"Reciprocal", nullptr, convertUnary<nn::ReciprocalOp>},
    {"Relu", nullptr, convertUnary<nn::ReluOp>},
    {"Selu", nullptr, convertSelu},
    {"Sigmoid", nullptr, convertUnary<nn::SigmoidOp>},
    {"Softplus", nullptr, convertUnary<nn::SoftplusOp>},
    {"Softsign", nullptr, convertSoftsign},
    {"Sqrt", nullptr, convertUnary<nn::SqrtOp>},
    {"Swish", nullptr, convertSwish},
    {"Tanh", nullptr, convertUnary<nn::TanhOp>},
};

} // namespace arsis::compiler::onnximport
