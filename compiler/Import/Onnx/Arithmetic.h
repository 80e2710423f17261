// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise work on two inputs of a node, one of which may repeat.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_ARITHMETIC_H
#define ARSIS_COMPILER_IMPORT_ONNX_ARITHMETIC_H

#include "compiler/Import/Onnx/Graph.h"

namespace arsis::compiler::onnximport {

/// Whether `small` repeats along dimensions to give `shape`, aligned at their ends as the host aligns them.
bool broadcastsTo(llvm::ArrayRef<int64_t> small, llvm::ArrayRef<int64_t> shape);

/// x plus `factor` times input `index`, which broadcasts to it.
mlir::FailureOr<Arranged> addTo(const Node &node, GraphImporter &graph, const Arranged &x, size_t index,
                                double factor);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_ARITHMETIC_H
