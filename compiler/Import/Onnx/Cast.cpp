// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cast and CastLike of what the step computes. All floats are fp32 here, so a cast to FLOAT or DOUBLE is
// another name. Integers that the file stores become floats, which are not trained.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

bool isNameOnly(const Node &node) {
  const int64_t to = node.integer("to", onnx::TensorProto::UNDEFINED);
  return node.type() == "Cast" && (to == onnx::TensorProto::FLOAT || to == onnx::TensorProto::DOUBLE);
}

static std::string checkCast(const Node &node) {
  return node.has("to") ? "" : "the attribute 'to' is missing";
}

static LogicalResult defineFloats(const Node &node, GraphImporter &graph, const Tensor &integers) {
  Tensor floats;
  floats.shape = integers.shape;
  floats.floats.assign(integers.integers.begin(), integers.integers.end());
  return graph.defineConstant(node, std::move(floats), /*trainable=*/false, node.output(0));
}

static LogicalResult convertCast(const Node &node, GraphImporter &graph) {
  const Tensor *known = graph.constant(node, 0);
  if (isNameOnly(node) && known && !known->isFloat)
    return defineFloats(node, graph, *known);
  if (isNameOnly(node))
    return graph.forward(node);
  return graph.fail(node, "casts values to " + elementTypeName(node.integer("to", 0)) +
                              " (supported: FLOAT and DOUBLE, both fp32 here; " + optionName("precision") +
                              " chooses what is stored in half precision)");
}

/// To the type of the second input: a float, unless it is an integer that the file stores.
static LogicalResult convertCastLike(const Node &node, GraphImporter &graph) {
  const Tensor *known = graph.constant(node, 0), *like = graph.constant(node, 1);
  const bool isFloat = !known || known->isFloat, becomesFloat = !like || like->isFloat;
  if (isFloat == becomesFloat)
    return graph.forward(node);
  if (!becomesFloat)
    return graph.fail(node, "casts values to integers (supported: to floats)");
  return defineFloats(node, graph, *known);
}

const std::vector<Operator> castOperators = {
    {"Cast", checkCast, convertCast},
    {"CastLike", nullptr, convertCastLike},
};

} // namespace arsis::compiler::onnximport
