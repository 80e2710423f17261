// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Boxes of tensors and rows of them, of which operators are made that leave out, repeat or mix elements.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_PIECES_H
#define ARSIS_COMPILER_IMPORT_ONNX_PIECES_H

#include "compiler/Import/Onnx/Graph.h"

namespace arsis::compiler::onnximport {

/// `count` elements from `begin` on along the chip's dimension `axis`.
mlir::Value slice(const Node &node, GraphImporter &graph, mlir::Value x, int64_t axis, int64_t begin,
                  int64_t count);

/// Every `step`-th of the elements from `begin` on: a dimension of so many elements is cut, of which the
/// first stays. A last group that is not complete is filled up.
mlir::Value pick(const Node &node, GraphImporter &graph, mlir::Value x, int64_t axis, int64_t begin,
                 int64_t count, int64_t step);

/// How many slices a row of elements in another order may be made of. Each has a buffer.
inline constexpr size_t kMostPieces = 256;

/// The elements at these places along the chip's dimension `axis`, in this order. Failure after recording
/// that there are too many pieces. REQUIRES: at least one place, all of them inside.
mlir::FailureOr<mlir::Value> elementsAt(const Node &node, GraphImporter &graph, mlir::Value x, int64_t axis,
                                        llvm::ArrayRef<int64_t> places);

/// One behind the other along the chip's dimension `axis`. Of pieces that are joined already, the longest
/// such row of first ones becomes one piece: a net in which every layer reads all features before it joins
/// them anew for each layer.
mlir::Value concat(const Node &node, GraphImporter &graph, llvm::ArrayRef<mlir::Value> given, int64_t axis);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_PIECES_H
