// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The importable ONNX operators. An operator has a check that needs only the node itself, so that every
// unsupported node of a graph is found in one pass, a conversion, and names for its inputs that hold
// parameters. Adding one: a line in the table of its family, at the end of the family's file. An operator
// that is one elementwise op of one operand is such a line in Elementwise.cpp and nothing else.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_OPERATORS_H
#define ARSIS_COMPILER_IMPORT_ONNX_OPERATORS_H

#include "compiler/Import/Onnx/Graph.h"

#include <vector>

namespace arsis::compiler::onnximport {

/// Empty if the attributes of the node are supported, else what was found and what is supported.
using Check = std::string (*)(const Node &node);
using Convert = mlir::LogicalResult (*)(const Node &node, GraphImporter &graph);

/// An input that holds a parameter or a running statistic, and the word for it in names.
struct Parameter {
  int input;
  llvm::StringLiteral word;
};

struct Operator {
  llvm::StringLiteral type;
  Check check; ///< may be null
  Convert convert;
  std::vector<Parameter> parameters = {};
};

/// Null if there is none of that type.
const Operator *findOperator(llvm::StringRef type);
/// Names of all importable operators, comma separated, in alphabetical order.
std::string supportedOperators();

/// Output 0 is the mean of input 0 over all dimensions but batch and channels: an image whose every row is a
/// window. Keeps those dimensions with extent 1, or drops them. REQUIRES: rank 3 or more.
mlir::LogicalResult averagePixels(const Node &node, GraphImporter &graph, bool keepDimensions);

/// The greatest elements of a tensor of shape [outer, count, inner], given in any shape, along its middle
/// dimension.
mlir::Value greatestOver(const Node &node, GraphImporter &graph, mlir::Value x, int64_t outer, int64_t count,
                         int64_t inner);

/// Pixels of the largest image whose mean is a window: 112x112, of which one channel takes 49 KiB in fp32.
/// The images of torchvision's nets are no larger where they are averaged.
inline constexpr int64_t kMostPooledPixels = 112 * 112;
/// Output 0 is the mean of input 0 over some dimensions of the host, in ascending order, which keep extent 1
/// or go.
mlir::LogicalResult meanOverAxes(const Node &node, GraphImporter &graph, llvm::ArrayRef<int64_t> axes,
                                 bool keepDimensions);

// The tables, each in the file of its family.
extern const std::vector<Operator> convolutionOperators, poolingOperators, normalizationOperators,
    linearOperators, elementwiseOperators, arithmeticOperators, reductionOperators, movementOperators,
    pieceOperators, randomOperators, resizeOperators, softmaxOperators, constantOperators, castOperators,
    variadicOperators, gatherOperators, einsumOperators;

/// Whether the node is a Cast that is only another name here, where every float is fp32.
bool isNameOnly(const Node &node);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_OPERATORS_H
