// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cast of what the step computes. All floats are fp32 here, so a cast to FLOAT or DOUBLE is another name.
// Integers that the file stores become floats, which are not trained.

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

static LogicalResult convertCast(const Node &node, GraphImporter &graph) {
  const Tensor *known = graph.constant(node, 0);
  if (isNameOnly(node) && known && !known->isFloat) {
    Tensor floats;
    floats.shape = known->shape;
    floats.floats.assign(known->integers.begin(), known->integers.end());
    return graph.defineConstant(node, std::move(floats), /*trainable=*/false, node.output(0));
  }
  if (isNameOnly(node))
    return graph.forward(node);
  return graph.fail(node, "casts values to " + elementTypeName(node.integer("to", 0)) +
                              " (supported: FLOAT and DOUBLE, both fp32 here; " + optionName("precision") +
                              " chooses what is stored in half precision)");
}

const std::vector<Operator> castOperators = {
    {"Cast", checkCast, convertCast},
};

} // namespace arsis::compiler::onnximport
