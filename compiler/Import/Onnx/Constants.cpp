// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes that are evaluated at import: Constant, Shape and Size.

#include "compiler/Import/Onnx/Operators.h"

#include "onnx/onnx_pb.h"

#include <algorithm>

using namespace mlir;

namespace arsis::compiler::onnximport {

static Tensor integerVector(ArrayRef<int64_t> values) {
  Tensor tensor;
  tensor.shape = {static_cast<int64_t>(values.size())};
  tensor.isFloat = false;
  tensor.integers.assign(values.begin(), values.end());
  return tensor;
}

static std::string checkConstant(const Node &node) {
  if (node.has("value") && !node.tensor("value"))
    return "a value that is no tensor";
  for (llvm::StringRef form : {"value", "value_int", "value_ints", "value_float", "value_floats"})
    if (node.has(form))
      return {};
  return "form of the value (supported: value, value_int, value_ints, value_float, value_floats)";
}

static LogicalResult convertConstant(const Node &node, GraphImporter &graph) {
  Tensor tensor;
  if (const onnx::TensorProto *proto = node.tensor("value")) {
    std::string problem;
    if (!decodeTensor(*proto, tensor, problem))
      return graph.fail(node, problem);
    graph.noteConversion(proto->data_type());
  } else if (const onnx::AttributeProto *floats = node.find("value_floats")) {
    tensor.floats.assign(floats->floats().begin(), floats->floats().end());
    tensor.shape = {static_cast<int64_t>(tensor.floats.size())};
  } else if (node.has("value_float")) {
    tensor.floats = {node.real("value_float", 0)};
  } else if (node.has("value_ints")) {
    tensor = integerVector(node.integers("value_ints", {}));
  } else {
    tensor = integerVector({node.integer("value_int", 0)});
    tensor.shape.clear();
  }
  return graph.defineConstant(node, std::move(tensor), /*trainable=*/false, node.output(0));
}

static LogicalResult convertShape(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> shape = graph.hostShape(node, 0);
  int64_t rank = shape.size();
  auto bound = [&](StringRef name, int64_t absent) {
    int64_t given = node.integer(name, absent);
    return std::clamp<int64_t>(given < 0 ? given + rank : given, 0, rank);
  };
  int64_t start = bound("start", 0), end = bound("end", rank);
  ArrayRef<int64_t> part = ArrayRef<int64_t>(shape).slice(start, std::max<int64_t>(end - start, 0));
  return graph.defineConstant(node, integerVector(part), false, node.output(0));
}

static LogicalResult convertSize(const Node &node, GraphImporter &graph) {
  Tensor count = integerVector({llvm::product_of(graph.hostShape(node, 0))});
  count.shape.clear();
  return graph.defineConstant(node, std::move(count), false, node.output(0));
}

const std::vector<Operator> constantOperators = {
    {"Constant", checkConstant, convertConstant},
    {"Shape", nullptr, convertShape},
    {"Size", nullptr, convertSize},
};

} // namespace arsis::compiler::onnximport
