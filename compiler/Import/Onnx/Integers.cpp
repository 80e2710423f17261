// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on shapes: nodes all of whose inputs are integers known at import. PyTorch's exporter writes it
// for every size that a module computes, such as the channels of a group.

#include "compiler/Import/Onnx/Constants.h"
#include "compiler/Import/Onnx/Operators.h"

#include "onnx/onnx_pb.h"
#include "llvm/Support/CheckedArithmetic.h"

#include <algorithm>
#include <limits>

using namespace mlir;

namespace arsis::compiler::onnximport {

static LogicalResult define(const Node &node, GraphImporter &graph, ArrayRef<int64_t> shape,
                            std::vector<int64_t> values) {
  if (values.size() > kComputedElements)
    return graph.fail(node, "makes a constant of " + Twine(values.size()) + " integers, expected at most " +
                                Twine(kComputedElements));
  Tensor result;
  result.isFloat = false;
  result.shape.assign(shape.begin(), shape.end());
  result.integers = std::move(values);
  return graph.defineConstant(node, std::move(result), false, node.output(0));
}

static std::optional<int64_t> quotient(int64_t a, int64_t b) {
  if (b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1))
    return std::nullopt;
  return a / b; // towards zero, as ONNX has it
}

/// Of tensors of one shape, or of a tensor and one element.
template <std::optional<int64_t> (*combine)(int64_t, int64_t)>
static LogicalResult convertPairs(const Node &node, GraphImporter &graph) {
  const Tensor &a = *graph.constant(node, 0), &b = *graph.constant(node, 1);
  if (a.shape != b.shape && a.size() != 1 && b.size() != 1)
    return graph.fail(node, "integers of shapes " + describe(a.shape) + " and " + describe(b.shape) +
                                " (supported: equal shapes, or a single element)");
  const bool likeFirst = b.size() == 1 && (a.size() != 1 || a.shape.size() >= b.shape.size());
  ArrayRef<int64_t> shape = a.shape == b.shape || likeFirst ? a.shape : b.shape;
  std::vector<int64_t> values;
  for (size_t i = 0, count = std::max(a.size(), b.size()); i < count; ++i) {
    const int64_t left = a.integers[a.size() == 1 ? 0 : i], right = b.integers[b.size() == 1 ? 0 : i];
    const std::optional<int64_t> value = combine(left, right);
    if (!value)
      return graph.fail(node, "of " + Twine(left) + " and " + Twine(right) + " is no integer of 64 bits");
    values.push_back(*value);
  }
  return define(node, graph, shape, std::move(values));
}

static LogicalResult convertCast(const Node &node, GraphImporter &graph) {
  const int64_t to = node.integer("to", 0);
  const Tensor &integers = *graph.constant(node, 0);
  if (to != onnx::TensorProto::INT64 && to != onnx::TensorProto::INT32)
    return graph.fail(node, "of integers known at import (supported: to INT32 and INT64)");
  if (to == onnx::TensorProto::INT32)
    for (int64_t value : integers.integers)
      if (value != static_cast<int32_t>(value))
        return graph.fail(node, "of " + Twine(value) + ", which INT32 does not hold");
  return define(node, graph, integers.shape, integers.integers);
}

static LogicalResult convertConstantOfShape(const Node &node, GraphImporter &graph) {
  const Tensor &shape = *graph.constant(node, 0);
  Tensor value;
  value.isFloat = true; // of zeros, if the node says nothing
  if (const onnx::TensorProto *proto = node.tensor("value")) {
    std::string problem;
    if (!decodeTensor(*proto, value, problem))
      return graph.fail(node, problem);
  }
  if (value.isFloat || value.size() != 1)
    return graph.fail(node, "its value is no integer (supported: arithmetic on shapes)");
  std::optional<int64_t> count = elementCount(shape.integers);
  if (!count || *count > static_cast<int64_t>(kComputedElements))
    return graph.fail(node, "makes a constant of more than " + Twine(kComputedElements) + " integers");
  return define(node, graph, shape.integers, std::vector<int64_t>(*count, value.integers[0]));
}

static const std::vector<Operator> kIntegerOperators = {
    {"Add", nullptr, convertPairs<llvm::checkedAdd<int64_t>>},
    {"Cast", nullptr, convertCast},
    {"ConstantOfShape", nullptr, convertConstantOfShape},
    {"Div", nullptr, convertPairs<quotient>},
    {"Mul", nullptr, convertPairs<llvm::checkedMul<int64_t>>},
    {"Sub", nullptr, convertPairs<llvm::checkedSub<int64_t>>},
};

const Operator *findIntegerOperator(llvm::StringRef type) {
  auto found = llvm::find_if(kIntegerOperators, [&](const Operator &each) { return each.type == type; });
  return found == kIntegerOperators.end() ? nullptr : &*found;
}

} // namespace arsis::compiler::onnximport
