// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax and LogSoftmax inside a network, over rows in the arrangement that ends with the dimensions they
// add up.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

template <class Op> static LogicalResult convertSoftmax(const Node &node, GraphImporter &graph) {
  constexpr int64_t kOneDimension = 13; // the opset since which one dimension is meant, not all from one on
  const int64_t rank = graph.hostShape(node, 0).size(),
                given = node.integer("axis", node.opset() < kOneDimension ? 1 : -1),
                axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank)
    return graph.fail(node, "axis = " + Twine(given) + " of a tensor of rank " + Twine(rank));
  Permutation permutation = hostPermutation(rank);
  size_t rows = axis; // dimensions in front of those that are added up
  if (node.opset() >= kOneDimension) {
    rows = rank - 1;
    for (int64_t dim = 0; dim < rank; ++dim)
      permutation[dim] = dim < axis ? dim : dim == axis ? rank - 1 : dim - 1;
  }
  Value x = graph.value(node, 0, permutation);
  if (!x)
    return failure();
  const SmallVector<int64_t> shape = shapeOnChip(x);
  const Emitter emit{node, graph};
  Value matrix = emit.reshape(x, {llvm::product_of(ArrayRef(shape).take_front(rows)),
                                  llvm::product_of(ArrayRef(shape).drop_front(rows))});
  return graph.define(node, 0, emit.reshape(emit.of<Op>(matrix), shape), permutation);
}

const std::vector<Operator> softmaxOperators = {
    {"LogSoftmax", nullptr, convertSoftmax<nn::LogSoftmaxOp>},
    {"Softmax", nullptr, convertSoftmax<nn::SoftmaxOp>},
};

} // namespace arsis::compiler::onnximport
