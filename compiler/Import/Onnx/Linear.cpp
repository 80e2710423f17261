// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gemm, MatMul and Add. An operand that broadcasts to the other is a bias along the dimensions in which it
// varies; a weight that the host keeps transposed is turned once, at import.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

static std::string checkGemm(const Node &node) {
  if (float alpha = node.real("alpha", 1.0f); alpha != 1.0f)
    return "alpha = " + std::to_string(alpha) + " (supported: 1)";
  if (float beta = node.real("beta", 1.0f); beta != 1.0f && node.hasInput(2))
    return "beta = " + std::to_string(beta) + " (supported: 1)";
  return {};
}

/// Whether `small` repeats along dimensions to give `shape`, aligned at their ends as the host aligns them.
static bool broadcastsTo(ArrayRef<int64_t> small, ArrayRef<int64_t> shape) {
  if (small.size() > shape.size())
    return false;
  return llvm::all_of(llvm::zip(small, shape.take_back(small.size())), [](auto extents) {
    return std::get<0>(extents) == 1 || std::get<0>(extents) == std::get<1>(extents);
  });
}

/// The arrangement of x whose last dimensions are `varying`, in order. That of x, if it is one already.
static Permutation arrangeLast(const Arranged &x, ArrayRef<int64_t> varying) {
  int64_t rank = x.permutation.size(), first = rank - varying.size();
  bool isLast = true;
  for (auto [i, dim] : llvm::enumerate(varying))
    isLast &= x.permutation[dim] == first + static_cast<int64_t>(i);
  if (isLast)
    return x.permutation;
  Permutation permutation(rank);
  int64_t others = 0;
  for (int64_t dim = 0; dim < rank; ++dim)
    permutation[dim] = llvm::is_contained(varying, dim) ? first++ : others++;
  return permutation;
}

/// x plus input `index` of equal shape, or one that broadcasts to it. The dimensions along which the input
/// varies become the last ones, whose vector nn.bias_add repeats along all others.
static FailureOr<Arranged> addTo(const Node &node, GraphImporter &graph, Arranged x, size_t index) {
  SmallVector<int64_t> small = graph.hostShape(node, index);
  OpBuilder &builder = graph.builder();
  if (small.size() == x.permutation.size() && llvm::equal(small, graph.hostShape(x))) {
    Value other = graph.value(node, index, x.permutation);
    if (!other)
      return failure();
    x.value = nn::AddOp::create(builder, graph.location(node), other.getType(), x.value, other, nullptr);
    return x;
  }
  SmallVector<int64_t> host = graph.hostShape(x), varying;
  int64_t lead = host.size() - small.size(), count = 1;
  for (auto [i, extent] : llvm::enumerate(small))
    if (extent != 1) {
      varying.push_back(lead + i);
      count *= extent;
    }
  // One varying dimension has the same elements in any arrangement.
  Value vector = varying.size() == 1 ? graph.valueAsItIs(node, index).value
                                     : graph.value(node, index, hostPermutation(small.size()));
  if (!vector)
    return failure();
  Permutation permutation = arrangeLast(x, varying);
  Value matrix = graph.arrange(node, x, permutation);
  SmallVector<int64_t> shape(shapeOf(matrix));
  if (varying.size() != 1 || shape.size() > 4) // what nn.bias_add takes
    matrix = graph.reshape(node, matrix,
                           {cast<RankedTensorType>(matrix.getType()).getNumElements() / count, count});
  vector = graph.reshape(node, vector, count);
  Value sum = nn::BiasAddOp::create(builder, graph.location(node), matrix.getType(), matrix, vector, nullptr);
  return Arranged{graph.reshape(node, sum, shape), permutation};
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

static LogicalResult convertGemm(const Node &node, GraphImporter &graph) {
  FailureOr<Value> product =
      multiply(node, graph, node.integer("transA", 0) != 0, node.integer("transB", 0) != 0);
  if (failed(product))
    return failure();
  if (!node.hasInput(2))
    return graph.define(node, 0, *product, hostPermutation(2));
  SmallVector<int64_t> c = graph.hostShape(node, 2);
  if (!broadcastsTo(c, shapeOf(*product)))
    return graph.fail(node, "adds input '" + node.input(2) + "' of shape " + describe(c) +
                                " to a product of " + describe(shapeOf(*product)) +
                                ", to which it does not broadcast");
  FailureOr<Arranged> y = addTo(node, graph, {*product, hostPermutation(2)}, 2);
  return failed(y) ? failure() : graph.define(node, 0, y->value, y->permutation);
}

static LogicalResult convertMatMul(const Node &node, GraphImporter &graph) {
  FailureOr<Value> y = multiply(node, graph, false, false);
  return failed(y) ? failure() : graph.define(node, 0, *y, hostPermutation(2));
}

static LogicalResult convertAdd(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> shapes[] = {graph.hostShape(node, 0), graph.hostShape(node, 1)};
  bool toFirst = broadcastsTo(shapes[1], shapes[0]), toSecond = broadcastsTo(shapes[0], shapes[1]);
  if (!toFirst && !toSecond)
    return graph.fail(node, "adds tensors of different shapes, " + describe(shapes[0]) + " and " +
                                describe(shapes[1]) + " (supported: one broadcasts to the other)");
  // Of equal shapes the operand that is already computed comes first, so that a constant follows its
  // arrangement.
  size_t first = toFirst && toSecond ? graph.isConstant(node, 0) : toSecond;
  Arranged x = graph.valueAsItIs(node, first);
  if (!x)
    return failure();
  FailureOr<Arranged> y = addTo(node, graph, x, 1 - first);
  return failed(y) ? failure() : graph.define(node, 0, y->value, y->permutation);
}

const std::vector<Operator> linearOperators = {
    {"Add", nullptr, convertAdd, {{0, "bias"}, {1, "bias"}}},
    {"Gemm", checkGemm, convertGemm, {{0, "weight"}, {1, "weight"}, {2, "bias"}}},
    {"MatMul", nullptr, convertMatMul, {{0, "weight"}, {1, "weight"}}},
};

} // namespace arsis::compiler::onnximport
