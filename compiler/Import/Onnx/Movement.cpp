// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that move or rename elements. A host Transpose only relabels dimensions; Flatten and Reshape need
// the host's element order and bring their input into it.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

#include <numeric>

using namespace mlir;

namespace arsis::compiler::onnximport {

static int64_t product(ArrayRef<int64_t> extents) {
  return std::accumulate(extents.begin(), extents.end(), int64_t{1}, std::multiplies<int64_t>());
}

static LogicalResult reshapeTo(const Node &node, GraphImporter &graph, ArrayRef<int64_t> shape) {
  Value x = graph.value(node, 0, hostPermutation(graph.hostShape(node, 0).size()));
  if (!x)
    return failure();
  Value y = graph.reshape(node, x, shape);
  if (shape.size() != 4)
    return graph.define(node, 0, y, hostPermutation(shape.size()));
  return graph.define(node, 0, y, hostPermutation(4));
}

LogicalResult convertFlatten(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> shape = graph.hostShape(node, 0);
  int64_t rank = shape.size(), axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank)
    return graph.fail(node, "axis = " + Twine(axis) + " of a tensor of rank " + Twine(rank));
  axis = axis < 0 ? axis + rank : axis;
  ArrayRef<int64_t> extents(shape);
  return reshapeTo(node, graph, {product(extents.take_front(axis)), product(extents.drop_front(axis))});
}

std::string checkReshape(const Node &node) {
  return node.integer("allowzero", 0) != 0 ? "allowzero = 1 (supported: 0)" : "";
}

LogicalResult convertReshape(const Node &node, GraphImporter &graph) {
  const Tensor *wanted = graph.constant(node, 1);
  if (!wanted || wanted->isFloat)
    return graph.fail(node, "the new shape is not known at import");
  SmallVector<int64_t> old = graph.hostShape(node, 0),
                       shape(wanted->integers.begin(), wanted->integers.end());
  int64_t unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) {
      if (i >= old.size())
        return graph.fail(node, "keeps dimension " + Twine(i) + " of a tensor of rank " + Twine(old.size()));
      shape[i] = old[i];
    }
    if (shape[i] == -1) {
      if (unknown >= 0)
        return graph.fail(node, "the new shape has more than one -1");
      unknown = i;
    } else if (shape[i] < 0) {
      return graph.fail(node, "the new shape holds " + Twine(shape[i]));
    }
  }
  int64_t total = product(old);
  if (unknown >= 0) {
    shape[unknown] = 1;
    shape[unknown] = total / std::max<int64_t>(product(shape), 1);
  }
  if (product(shape) != total)
    return graph.fail(node,
                      "the new shape has " + Twine(product(shape)) + " elements, the input " + Twine(total));
  return reshapeTo(node, graph, shape);
}

LogicalResult convertTranspose(const Node &node, GraphImporter &graph) {
  Permutation permutation;
  Value x = graph.value(node, 0, permutation);
  if (!x)
    return failure();
  size_t rank = permutation.size();
  SmallVector<int64_t> reversed;
  for (size_t i = 0; i < rank; ++i)
    reversed.push_back(rank - 1 - i);
  SmallVector<int64_t> order = node.integers("perm", reversed);
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  if (ArrayRef<int64_t>(sorted) != ArrayRef<int64_t>(hostPermutation(rank)))
    return graph.fail(node, "perm is not a permutation of the " + Twine(rank) + " dimensions of its input");
  Permutation result;
  for (int64_t dim : order)
    result.push_back(permutation[dim]);
  return graph.define(node, 0, x, result);
}

LogicalResult convertIdentity(const Node &node, GraphImporter &graph) { return graph.forward(node); }

} // namespace arsis::compiler::onnximport
