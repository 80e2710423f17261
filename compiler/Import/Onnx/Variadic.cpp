// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of any number of tensors that broadcast to one shape: Expand, Max, Mean, Min, Sum. The greatest
// of several is a pooling over them side by side, which keeps every bit and gives the gradient to the first
// of equals.

#include "compiler/Import/Onnx/Arithmetic.h"
#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

namespace {

/// The inputs of a node, of one shape and in one arrangement.
struct Alike {
  SmallVector<Value> values;
  Permutation permutation;
};

} // namespace

/// The shape to which all shapes broadcast.
static FailureOr<SmallVector<int64_t>> jointShape(const Node &node, GraphImporter &graph,
                                                  ArrayRef<SmallVector<int64_t>> shapes) {
  SmallVector<int64_t> joint;
  for (const SmallVector<int64_t> &shape : shapes) {
    if (shape.size() > joint.size())
      joint.insert(joint.begin(), shape.size() - joint.size(), 1);
    for (auto [to, extent] : llvm::zip(MutableArrayRef(joint).take_back(shape.size()), shape)) {
      if (to != 1 && extent != 1 && to != extent)
        return graph.fail(node, "combines tensors of shapes " + describe(shapes.front()) + " and " +
                                    describe(shape) + ", which do not broadcast to one shape");
      to = std::max(to, extent);
    }
  }
  if (std::string problem = sizeProblem(joint); !problem.empty())
    return graph.fail(node, "the result has " + problem);
  return joint;
}

/// Input `index` repeated to a shape of the host, in the host's arrangement.
static Value repeated(const Node &node, GraphImporter &graph, size_t index, ArrayRef<int64_t> joint) {
  const SmallVector<int64_t> shape = graph.hostShape(node, index);
  Value x = graph.value(node, index, hostPermutation(shape.size()));
  if (!x || ArrayRef(shape) == joint)
    return x;
  SmallVector<int64_t> own, along;
  for (auto [dim, extent] : llvm::enumerate(shape))
    if (extent != 1) {
      own.push_back(extent);
      along.push_back(joint.size() - shape.size() + dim);
    }
  return nn::BroadcastOp::create(graph.builder(), graph.location(node), graph.tensorType(joint),
                                 graph.reshape(node, x, own), graph.builder().getDenseI64ArrayAttr(along),
                                 nullptr);
}

static FailureOr<Alike> alike(const Node &node, GraphImporter &graph) {
  const auto inputs = llvm::seq<size_t>(0, node.inputCount());
  const SmallVector<SmallVector<int64_t>> shapes =
      llvm::map_to_vector(inputs, [&](size_t input) { return graph.hostShape(node, input); });
  FailureOr<SmallVector<int64_t>> joint = jointShape(node, graph, shapes);
  if (failed(joint))
    return failure();
  const auto computed = llvm::find_if(inputs, [&](size_t input) { return !graph.isConstant(node, input); });
  const bool isOneShape = llvm::all_equal(shapes);
  Alike all{{}, hostPermutation(joint->size())};
  if (isOneShape && computed != inputs.end())
    all.permutation = graph.valueAsItIs(node, *computed).permutation;
  for (size_t input : inputs) {
    all.values.push_back(isOneShape ? graph.value(node, input, all.permutation)
                                    : repeated(node, graph, input, *joint));
    if (!all.values.back())
      return failure();
  }
  return all;
}

static LogicalResult convertExpand(const Node &node, GraphImporter &graph) {
  const Tensor *wanted = graph.constant(node, 1);
  if (!wanted || wanted->isFloat)
    return graph.fail(node, "the shape is not known at import");
  const SmallVector<int64_t> shape(wanted->integers.begin(), wanted->integers.end());
  if (llvm::any_of(shape, [](int64_t extent) { return extent < 1; }))
    return graph.fail(node, "the shape is " + describe(shape) + ", expected positive numbers");
  FailureOr<SmallVector<int64_t>> joint = jointShape(node, graph, {graph.hostShape(node, 0), shape});
  if (failed(joint))
    return failure();
  if (*joint == graph.hostShape(node, 0))
    return graph.forward(node);
  Value y = repeated(node, graph, 0, *joint);
  return y ? graph.define(node, 0, y, hostPermutation(joint->size())) : failure();
}

/// The greatest of tensors of one shape, element by element.
static Value greatestOf(const Node &node, GraphImporter &graph, ArrayRef<Value> values) {
  const SmallVector<int64_t> shape = shapeOnChip(values.front());
  const int64_t elements = llvm::product_of(shape), columns = shape.empty() ? 1 : shape.back();
  const auto count = static_cast<int64_t>(values.size());
  SmallVector<Value> rows;
  for (Value value : values)
    rows.push_back(graph.reshape(node, value, {1, elements}));
  Value all = nn::ConcatOp::create(graph.builder(), graph.location(node), graph.tensorType({count, elements}),
                                   rows, /*axis=*/0, nn::ScheduleAttr(), nn::ViewKindAttr());
  Value image = graph.reshape(node, all, {1, count, elements / columns, columns});
  const SmallVector<int64_t> window = {count, 1}, ones = {1, 1}, noPads = {0, 0, 0, 0};
  Value y = nn::MaxPoolOp::create(graph.builder(), graph.location(node),
                                  graph.tensorType({1, 1, elements / columns, columns}), image, window, ones,
                                  noPads, ones, nullptr);
  return graph.reshape(node, y, shape);
}

/// A tensor is bounded by a number: nothing if the inputs are something else.
template <bool isGreatest>
static std::optional<LogicalResult> convertBound(const Node &node, GraphImporter &graph) {
  if (node.inputCount() != 2)
    return std::nullopt;
  for (size_t index : {1, 0}) {
    if (graph.hostShape(node, index).size() > graph.hostShape(node, 1 - index).size())
      continue;
    const std::optional<float> bound = graph.number(node, index);
    if (!bound)
      continue;
    Arranged x = graph.valueAsItIs(node, 1 - index);
    if (!x)
      return failure();
    Value y = Emitter{node, graph}.clip(x.value, isGreatest ? bound : std::nullopt,
                                        isGreatest ? std::nullopt : bound);
    return graph.define(node, 0, y, x.permutation);
  }
  return std::nullopt;
}

template <bool isGreatest> static LogicalResult convertExtreme(const Node &node, GraphImporter &graph) {
  if (node.inputCount() == 1)
    return graph.forward(node);
  if (std::optional<LogicalResult> done = convertBound<isGreatest>(node, graph))
    return *done;
  FailureOr<Alike> all = alike(node, graph);
  if (failed(all))
    return failure();
  const Emitter emit{node, graph};
  if (!isGreatest)
    for (Value &value : all->values)
      value = emit.affine(value, -1, 0);
  Value y = greatestOf(node, graph, all->values);
  return graph.define(node, 0, isGreatest ? y : emit.affine(y, -1, 0), all->permutation);
}

template <bool isMean> static LogicalResult convertSum(const Node &node, GraphImporter &graph) {
  if (node.inputCount() == 1)
    return graph.forward(node);
  FailureOr<Alike> all = alike(node, graph);
  if (failed(all))
    return failure();
  const Emitter emit{node, graph};
  Value sum = all->values.front();
  for (Value value : ArrayRef(all->values).drop_front())
    sum = emit.add(sum, value);
  if (isMean)
    sum = emit.affine(sum, 1 / double(all->values.size()), 0);
  return graph.define(node, 0, sum, all->permutation);
}

const std::vector<Operator> variadicOperators = {
    {"Expand", nullptr, convertExpand},  {"Max", nullptr, convertExtreme<true>},
    {"Mean", nullptr, convertSum<true>}, {"Min", nullptr, convertExtreme<false>},
    {"Sum", nullptr, convertSum<false>},
};

} // namespace arsis::compiler::onnximport
