// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors of code that knows no MLIR, as diagnostics.

#ifndef ARSIS_COMPILER_ANALYSIS_REPORTED_H
#define ARSIS_COMPILER_ANALYSIS_REPORTED_H

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace arsis::compiler {

/// The same diagnostic, which says its kind to who collects it (compiler/Pipelines/Diagnostics.h).
inline mlir::InFlightDiagnostic ofKind(ErrorKind kind, mlir::InFlightDiagnostic error) {
  if (mlir::Diagnostic *diagnostic = error.getUnderlyingDiagnostic())
    diagnostic->getMetadata().push_back(mlir::DiagnosticArgument(static_cast<int64_t>(kind)));
  return error;
}

/// What `work` returns; where it throws arsis::Error, failure after an error on `op` with its words.
template <class Work> mlir::LogicalResult reported(mlir::Operation *op, Work work) {
  try {
    return work();
  } catch (const Error &error) {
    return ofKind(kindOf(error), op->emitError(error.what()));
  }
}

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_ANALYSIS_REPORTED_H
