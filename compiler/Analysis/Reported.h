// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors of code that knows no MLIR, as diagnostics.

#ifndef ARSIS_COMPILER_ANALYSIS_REPORTED_H
#define ARSIS_COMPILER_ANALYSIS_REPORTED_H

#include "dialects/Isa/Encoding/Error.h"
#include "mlir/IR/Operation.h"

namespace arsis::compiler {

/// What `work` returns; where it throws arsis::Error, failure after an error on `op` with its words.
template <class Work> mlir::LogicalResult reported(mlir::Operation *op, Work work) {
  try {
    return work();
  } catch (const Error &error) {
    return op->emitError(error.what());
  }
}

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_ANALYSIS_REPORTED_H
