// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of importable ONNX operators, in alphabetical order.

#include "compiler/Import/Onnx/Operators.h"

#include "llvm/ADT/STLExtras.h"

namespace arsis::compiler::onnximport {

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
    {"ReduceMean", checkReduceMean, convertReduceMean},
    {"Relu", nullptr, convertRelu},
    {"Reshape", checkReshape, convertReshape},
    {"Shape", nullptr, convertShape},
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
