// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gather: of a shape it is evaluated; of a tensor, by indices that are known, it is made of slices. Tile
// joins a tensor with itself.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Pieces.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

FailureOr<Value> elementsAt(const Node &node, GraphImporter &graph, Value x, int64_t axis,
                            ArrayRef<int64_t> places) {
  const int64_t step = places.size() > 1 ? places[1] - places[0] : 1;
  const auto isNext = [&](size_t i, int64_t distance) { return places[i] - places[i - 1] == distance; };
  const auto behindFirst = llvm::seq<size_t>(1, places.size());
  if (step > 0 && llvm::all_of(behindFirst, [&](size_t i) { return isNext(i, step); }))
    return pick(node, graph, x, axis, places.front(), places.size(), step);
  SmallVector<Value> pieces;
  for (size_t begin = 0, end = 1; begin < places.size(); begin = end++) {
    while (end < places.size() && isNext(end, 1))
      ++end;
    pieces.push_back(slice(node, graph, x, axis, places[begin], static_cast<int64_t>(end - begin)));
    if (pieces.size() > kMostPieces)
      return graph.fail(node, "takes " + Twine(places.size()) + " elements in an order that has more than " +
                                  Twine(kMostPieces) + " pieces (supported: as many)");
  }
  return concat(node, graph, pieces, axis);
}

/// The elements of a shape, or of what is computed from one.
static LogicalResult gatherIntegers(const Node &node, GraphImporter &graph, const Tensor &data,
                                    ArrayRef<int64_t> places, ArrayRef<int64_t> shape) {
  if (data.shape.size() != 1)
    return graph.fail(node, "gathers integers from rank " + Twine(data.shape.size()) +
                                " (supported: elements of a shape)");
  if (places.size() > kComputedElements)
    return graph.fail(node, "makes a constant of " + Twine(places.size()) +
                                " integers or more, expected at most " + Twine(kComputedElements));
  Tensor result;
  result.isFloat = false;
  result.shape.assign(shape.begin(), shape.end());
  for (int64_t place : places)
    result.integers.push_back(data.integers[place]);
  return graph.defineConstant(node, std::move(result), false, node.output(0));
}

static LogicalResult convertGather(const Node &node, GraphImporter &graph) {
  const SmallVector<int64_t> host = graph.hostShape(node, 0);
  const auto rank = static_cast<int64_t>(host.size());
  const Tensor *indices = graph.constant(node, 1);
  if (!indices || indices->isFloat)
    return graph.fail(node, "looks elements up by indices that are computed or come from the host, as an "
                            "embedding does (supported: integers known at import)");
  int64_t axis = node.integer("axis", 0);
  if (axis < -rank || axis >= rank)
    return graph.fail(node, "axis = " + Twine(axis) + " of a tensor of rank " + Twine(rank));
  axis += axis < 0 ? rank : 0;
  if (indices->integers.empty())
    return graph.fail(node, "takes no elements, expected at least one index");
  SmallVector<int64_t> places;
  for (int64_t index : indices->integers) {
    if (index < -host[axis] || index >= host[axis])
      return graph.fail(node, "index " + Twine(index) + " into " + Twine(host[axis]) + " elements");
    places.push_back(index < 0 ? index + host[axis] : index);
  }
  if (const Tensor *data = graph.constant(node, 0); data && !data->isFloat)
    return gatherIntegers(node, graph, *data, places, indices->shape);
  const Arranged x = graph.valueAsItIs(node, 0);
  const int64_t place = x ? x.permutation[axis] : 0; // of the dimension on the chip
  FailureOr<Value> y = x ? elementsAt(node, graph, x.value, place, places) : FailureOr<Value>(failure());
  if (failed(y))
    return failure();
  // The dimension becomes those of the indices.
  const auto more = static_cast<int64_t>(indices->shape.size()) - 1;
  SmallVector<int64_t> shape = shapeOnChip(*y);
  shape.erase(shape.begin() + place);
  shape.insert(shape.begin() + place, indices->shape.begin(), indices->shape.end());
  if (shape.size() > kGraphRank)
    return graph.fail(node, "makes a tensor of rank " + Twine(shape.size()) + ", expected at most " +
                                Twine(kGraphRank));
  Permutation permutation;
  for (auto [dim, to] : llvm::enumerate(x.permutation)) {
    if (static_cast<int64_t>(dim) == axis)
      llvm::append_range(permutation, llvm::seq<int64_t>(place, place + more + 1));
    else
      permutation.push_back(to < place ? to : to + more);
  }
  return graph.define(node, 0, graph.reshape(node, *y, shape), permutation);
}

static LogicalResult convertTile(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  const Tensor *repeats = graph.constant(node, 1);
  if (!repeats || repeats->isFloat)
    return graph.fail(node, "the repeats are not known at import");
  if (repeats->integers.size() != x.permutation.size())
    return graph.fail(node, Twine(repeats->integers.size()) + " repeats, expected one for each of " +
                                Twine(x.permutation.size()) + " dimensions");
  for (auto [dim, count] : llvm::enumerate(repeats->integers)) {
    if (count < 1 || count > int64_t(kMostPieces))
      return graph.fail(node, "repeats dimension " + Twine(dim) + " " + Twine(count) +
                                  " times (supported: 1 to " + Twine(kMostPieces) + ")");
    x.value = concat(node, graph, SmallVector<Value>(count, x.value), x.permutation[dim]);
  }
  return graph.define(node, 0, x.value, x.permutation);
}

const std::vector<Operator> gatherOperators = {
    {"Gather", nullptr, convertGather},
    {"Tile", nullptr, convertTile},
};

} // namespace arsis::compiler::onnximport
