// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of importable ONNX operators, in alphabetical order.

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"

#include "llvm/ADT/STLExtras.h"

namespace arsis::compiler::onnximport {

/// An operator whose result is one elementwise op of its operand, in the operand's arrangement.
template <class Op> static mlir::LogicalResult convertUnary(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return mlir::failure();
  mlir::Value y = Op::create(graph.builder(), graph.location(node), x.value.getType(), x.value, nullptr);
  return graph.define(node, 0, y, x.permutation);
}

static const Operator operators[] = {
    {"Add", nullptr, convertAdd},
    {"AveragePool", checkAveragePool, convertAveragePool},
    {"BatchNormalization", checkBatchNormalization, convertBatchNormalization},
    {"Concat", nullptr, convertConcat},
    {"Constant", checkConstant, convertConstant},
    {"Conv", checkConv, convertConv},
    {"Dropout", nullptr, convertDropout},
    {"Flatten", nullptr, convertFlatten},
    {"Gather", nullptr, convertGather},
    {"Gemm", checkGemm, convertGemm},
    {"GlobalAveragePool", nullptr, convertGlobalAveragePool},
    {"Identity", nullptr, convertIdentity},
    {"MatMul", nullptr, convertMatMul},
    {"MaxPool", checkMaxPool, convertMaxPool},
    {"ReduceMean", nullptr, convertReduceMean},
    {"Relu", nullptr, convertUnary<nn::ReluOp>},
    {"Reshape", nullptr, convertReshape},
    {"Shape", nullptr, convertShape},
    {"Tanh", nullptr, convertUnary<nn::TanhOp>},
    {"Transpose", nullptr, convertTranspose},
    {"Unsqueeze", nullptr, convertUnsqueeze},
};

const Operator *findOperator(llvm::StringRef type) {
  for (const Operator &candidate : operators)
    if (candidate.type == type)
      return &candidate;
  return nullptr;
}

std::string supportedOperators() {
  std::string names;
  for (const Operator &candidate : operators)
    names += (names.empty() ? "" : ", ") + candidate.type.str();
  return names;
}

} // namespace arsis::compiler::onnximport
