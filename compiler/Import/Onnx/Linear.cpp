// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gemm and MatMul. A weight that the host keeps transposed is turned once, at import.

#include "compiler/Import/Onnx/Arithmetic.h"
#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

#include <cmath>

using namespace mlir;

namespace arsis::compiler::onnximport {

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

static std::string checkGemm(const Node &node) {
  for (StringRef factor : {"alpha", "beta"})
    if (const float value = node.real(factor, 1.0f); !std::isfinite(value))
      return (factor + " = " + Twine(std::to_string(value)) + ", expected a finite number").str();
  return {};
}

/// The product of inputs 0 and 1; of the first one all dimensions but the last are rows.
static FailureOr<Value> multiply(const Node &node, GraphImporter &graph, bool transposeA, bool transposeB) {
  const size_t rank = std::max<size_t>(graph.hostShape(node, 0).size(), 2);
  Value a = graph.value(node, 0, hostPermutation(rank));
  if (a && rank > 2)
    a = graph.reshape(node, a,
                      {llvm::product_of(shapeOf(a).drop_back()), static_cast<int64_t>(shapeOf(a).back())});
  // A constant is stored the way the product reads it; anything else says so in the operation.
  bool turnB = transposeB && graph.isConstant(node, 1);
  Value b = a ? graph.value(node, 1, turnB ? Permutation{1, 0} : hostPermutation(2)) : nullptr;
  if (!b)
    return failure();
  transposeB &= !turnB;
  int64_t m = shapeOf(a)[transposeA], k = shapeOf(a)[!transposeA], n = shapeOf(b)[!transposeB];
  if (k != shapeOf(b)[transposeB])
    return graph.fail(node, "contracts " + Twine(k) + " elements of the first operand with " +
                                Twine(shapeOf(b)[transposeB]) + " of the second");
  return Value(nn::MatmulOp::create(graph.builder(), graph.location(node), graph.tensorType({m, n}), a, b,
                                    transposeA, transposeB, nullptr, nullptr));
}

static LogicalResult convertGemm(const Node &node, GraphImporter &graph) {
  if (const size_t rank = graph.hostShape(node, 0).size(); rank > 2)
    return graph.fail(node, "input '" + node.input(0) + "' has shape " + describe(graph.hostShape(node, 0)) +
                                ", expected rank 2");
  FailureOr<Value> product =
      multiply(node, graph, node.integer("transA", 0) != 0, node.integer("transB", 0) != 0);
  if (failed(product))
    return failure();
  const float alpha = node.real("alpha", 1.0f), beta = node.real("beta", 1.0f);
  if (alpha != 1.0f)
    product = Emitter{node, graph}.affine(*product, alpha, 0);
  if (!node.hasInput(2) || beta == 0.0f)
    return graph.define(node, 0, *product, hostPermutation(2));
  SmallVector<int64_t> c = graph.hostShape(node, 2);
  if (!broadcastsTo(c, shapeOf(*product)))
    return graph.fail(node, "adds input '" + node.input(2) + "' of shape " + describe(c) +
                                " to a product of " + describe(shapeOf(*product)) +
                                ", to which it does not broadcast");
  FailureOr<Arranged> y = addTo(node, graph, {*product, hostPermutation(2)}, 2, beta);
  return failed(y) ? failure() : graph.define(node, 0, y->value, y->permutation);
}

static LogicalResult convertMatMul(const Node &node, GraphImporter &graph) {
  FailureOr<Value> y = multiply(node, graph, false, false);
  if (failed(y))
    return failure();
  SmallVector<int64_t> shape = graph.hostShape(node, 0);
  shape.back() = shapeOf(*y)[1];
  return graph.define(node, 0, graph.reshape(node, *y, shape), hostPermutation(shape.size()));
}

const std::vector<Operator> linearOperators = {
    {"Gemm", checkGemm, convertGemm, {{0, "weight"}, {1, "weight"}, {2, "bias"}}},
    {"MatMul", nullptr, convertMatMul, {{0, "weight"}, {1, "weight"}}},
};

} // namespace arsis::compiler::onnximport
