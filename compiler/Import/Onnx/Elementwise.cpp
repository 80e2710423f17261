// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators whose result is one elementwise op of their operand, in the operand's arrangement.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

namespace arsis::compiler::onnximport {

template <class Op> static mlir::LogicalResult convertUnary(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return mlir::failure();
  mlir::Value y = Op::create(graph.builder(), graph.location(node), x.value.getType(), x.value, nullptr);
  return graph.define(node, 0, y, x.permutation);
}

const std::vector<Operator> elementwiseOperators = {
    {"Relu", nullptr, convertUnary<nn::ReluOp>},
    {"Tanh", nullptr, convertUnary<nn::TanhOp>},
};

} // namespace arsis::compiler::onnximport
