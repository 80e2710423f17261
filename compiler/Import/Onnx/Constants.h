// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The integer forms of operators that also work on values: shapes, and what exporters compute of them.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_CONSTANTS_H
#define ARSIS_COMPILER_IMPORT_ONNX_CONSTANTS_H

#include "compiler/Import/Onnx/Graph.h"

#include <optional>

namespace arsis::compiler::onnximport {

/// What a Slice takes along one of the host's dimensions: `count` elements, `step` apart, from `begin` on.
struct SliceRange {
  int64_t axis, begin, count, step;
};

/// The ranges of a Slice of a tensor of `shape`, in the order of its axes; nothing after an error.
std::optional<llvm::SmallVector<SliceRange>> sliceRanges(const Node &node, GraphImporter &graph,
                                                         llvm::ArrayRef<int64_t> shape);

mlir::LogicalResult concatIntegers(const Node &node, GraphImporter &graph);
mlir::LogicalResult sliceIntegers(const Node &node, GraphImporter &graph);
mlir::LogicalResult transposeIntegers(const Node &node, GraphImporter &graph, const Tensor &integers,
                                      llvm::ArrayRef<int64_t> order);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_CONSTANTS_H
