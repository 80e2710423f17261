// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of importable ONNX operators. An operator has a check that needs only the node itself, so that
// every unsupported node of a graph is found in one pass, and a conversion. Adding one: declare it here, list
// it in Operators.cpp, define it in the file of its family. An operator that is one elementwise op of one
// operand is a line of Operators.cpp and nothing else.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_OPERATORS_H
#define ARSIS_COMPILER_IMPORT_ONNX_OPERATORS_H

#include "compiler/Import/Onnx/Graph.h"

namespace arsis::compiler::onnximport {

/// Empty if the attributes of the node are supported, else what was found and what is supported.
using Check = std::string (*)(const Node &node);
using Convert = mlir::LogicalResult (*)(const Node &node, GraphImporter &graph);

struct Operator {
  llvm::StringLiteral type;
  Check check; ///< may be null
  Convert convert;
};

/// Null if there is none of that type.
const Operator *findOperator(llvm::StringRef type);
/// Names of all importable operators, comma separated.
std::string supportedOperators();

// Convolution.cpp
std::string checkConv(const Node &node);
mlir::LogicalResult convertConv(const Node &node, GraphImporter &graph);
// Pooling.cpp
std::string checkMaxPool(const Node &node);
std::string checkAveragePool(const Node &node);
mlir::LogicalResult convertMaxPool(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertAveragePool(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertGlobalAveragePool(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertReduceMean(const Node &node, GraphImporter &graph);
// Normalization.cpp
std::string checkBatchNormalization(const Node &node);
mlir::LogicalResult convertBatchNormalization(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertDropout(const Node &node, GraphImporter &graph);
// Linear.cpp
std::string checkGemm(const Node &node);
mlir::LogicalResult convertGemm(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertMatMul(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertAdd(const Node &node, GraphImporter &graph);
// Movement.cpp
mlir::LogicalResult convertFlatten(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertReshape(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertUnsqueeze(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertTranspose(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertIdentity(const Node &node, GraphImporter &graph);
// Constants.cpp: nodes that are evaluated at import
std::string checkConstant(const Node &node);
mlir::LogicalResult convertConstant(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertShape(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertGather(const Node &node, GraphImporter &graph);
mlir::LogicalResult convertConcat(const Node &node, GraphImporter &graph);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_OPERATORS_H
