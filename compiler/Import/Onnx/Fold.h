// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluation of nodes whose inputs are all known at import: the arithmetic on shapes that exporters emit
// around Reshape, Expand and Resize, and on the constants in it.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_FOLD_H
#define ARSIS_COMPILER_IMPORT_ONNX_FOLD_H

#include "compiler/Import/Onnx/Node.h"
#include "compiler/Import/Onnx/Tensor.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace arsis::compiler::onnximport {

/// The inputs of a node, all of them known; an input that is left out is null.
using Known = llvm::ArrayRef<const Tensor *>;

/// Computes the first output of a node. Returns the problem, empty if there is none.
using Evaluate = std::string (*)(const Node &node, Known inputs, Tensor &result);

struct Fold {
  llvm::StringLiteral type;
  size_t inputs; ///< that must be there
  Evaluate evaluate;
};

/// Null if nodes of this type are not evaluated at import.
const Fold *findFold(llvm::StringRef type);

/// Types that are evaluated, comma separated, in alphabetical order.
std::string foldedOperators();

// The tables, each in the file of its family.
extern const std::vector<Fold> arithmeticFolds, movementFolds;

// For evaluations.

/// Offset of the element of a tensor of `shape` that stands at `index` of a shape to which it broadcasts.
int64_t broadcastOffset(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> index);
/// The shape to which all broadcast; nothing if they do not.
std::optional<llvm::SmallVector<int64_t>> broadcastShapes(Known tensors);
/// Advances an index of `shape` by one element, row-major.
void advance(llvm::MutableArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_FOLD_H
