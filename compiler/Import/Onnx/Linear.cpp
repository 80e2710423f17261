// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gemm, MatMul and Add. A constant operand that varies only along the channels is a bias; a weight that
// the host keeps transposed is turned once, at import.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

std::string checkGemm(const Node &node) {
  if (float alpha = node.real("alpha", 1.0f); alpha != 1.0f)
    return "alpha = " + std::to_string(alpha) + " (supported: 1)";
  if (float beta = node.real("beta", 1.0f); beta != 1.0f && node.hasInput(2))
    return "beta = " + std::to_string(beta) + " (supported: 1)";
  return {};
}

/// Adds constant input `index`, broadcast along all dimensions of `x` but its last, as a bias. `arrangement`
/// is that of x.
static FailureOr<Value> addBias(const Node &node, size_t index, GraphImporter &graph, Value x,
                                ArrayRef<int64_t> arrangement) {
  SmallVector<int64_t> host = graph.hostShape(node, index);
  ArrayRef<int64_t> shape = shapeOf(x);
  // Align the shapes at their ends, as the host broadcasts, and see which dimension of x each extent belongs
  // to.
  bool isBias = host.size() <= shape.size();
  for (size_t i = 0; isBias && i < host.size(); ++i) {
    int64_t dim = arrangement[shape.size() - host.size() + i];
    isBias = host[i] == 1 || (dim == static_cast<int64_t>(shape.size()) - 1 && host[i] == shape[dim]);
  }
  int64_t count = 1;
  for (int64_t extent : host)
    count *= extent;
  if (!isBias || count != shape.back())
    return graph.fail(node, "input '" + node.input(index) +
                                "' is neither of the other operand's shape nor one value "
                                "per channel");
  Permutation permutation;
  Value bias = graph.value(node, index, permutation);
  if (!bias)
    return failure();
  bias = graph.reshape(node, bias, shape.back());
  return Value(nn::BiasAddOp::create(graph.builder(), graph.location(node), x.getType(), x, bias, nullptr));
}

static FailureOr<Value> multiply(const Node &node, GraphImporter &graph, bool transposeA, bool transposeB) {
  Value a = graph.value(node, 0, hostPermutation(2));
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

LogicalResult convertGemm(const Node &node, GraphImporter &graph) {
  FailureOr<Value> y = multiply(node, graph, node.integer("transA", 0) != 0, node.integer("transB", 0) != 0);
  if (failed(y))
    return failure();
  if (node.hasInput(2) && ArrayRef<int64_t>(graph.hostShape(node, 2)) == shapeOf(*y)) {
    Value c = graph.value(node, 2, hostPermutation(2));
    if (!c)
      return failure();
    y = Value(nn::AddOp::create(graph.builder(), graph.location(node), c.getType(), *y, c, nullptr));
  } else if (node.hasInput(2)) {
    y = addBias(node, 2, graph, *y, hostPermutation(2));
    if (failed(y))
      return failure();
  }
  return graph.define(node, 0, *y, hostPermutation(2));
}

LogicalResult convertMatMul(const Node &node, GraphImporter &graph) {
  FailureOr<Value> y = multiply(node, graph, false, false);
  return failed(y) ? failure() : graph.define(node, 0, *y, hostPermutation(2));
}

LogicalResult convertAdd(const Node &node, GraphImporter &graph) {
  for (size_t bias = 0; bias < 2; ++bias) {
    if (!graph.isConstant(node, bias) || graph.isConstant(node, 1 - bias))
      continue;
    if (graph.hostShape(node, bias) == graph.hostShape(node, 1 - bias))
      continue;
    Permutation permutation;
    Value x = graph.value(node, 1 - bias, permutation);
    FailureOr<Value> y = addBias(node, bias, graph, x, permutation);
    return failed(y) ? failure() : graph.define(node, 0, *y, permutation);
  }
  if (graph.hostShape(node, 0) != graph.hostShape(node, 1))
    return graph.fail(node, "adds tensors of different shapes (supported: equal shapes, or a constant bias)");
  Permutation permutation;
  // The arrangement of the operand that is already computed, so that a constant follows it.
  Value a = graph.isConstant(node, 0) ? Value() : graph.value(node, 0, permutation);
  Value b = a ? graph.value(node, 1, ArrayRef<int64_t>(permutation)) : graph.value(node, 1, permutation);
  if (!a)
    a = graph.value(node, 0, ArrayRef<int64_t>(permutation));
  if (!a || !b)
    return failure();
  Value y = nn::AddOp::create(graph.builder(), graph.location(node), a.getType(), a, b, nullptr);
  return graph.define(node, 0, y, permutation);
}

} // namespace arsis::compiler::onnximport
