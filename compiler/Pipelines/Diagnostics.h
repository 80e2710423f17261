// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics as a user reads them: `error: model.onnx: what happened`, with the layer and phase of an
// operation that has an origin, and one line for each note.

#ifndef ARSIS_COMPILER_PIPELINES_DIAGNOSTICS_H
#define ARSIS_COMPILER_PIPELINES_DIAGNOSTICS_H

#include "dialects/Isa/Encoding/ErrorKind.h"

#include "mlir/IR/Diagnostics.h"

#include <optional>
#include <string>
#include <vector>

namespace arsis::compiler {

/// A warning or a remark: nothing is wrong for certain, but the user should know.
struct Message {
  bool isWarning;
  std::string text; ///< without severity and final newline
};

/// Collects the diagnostics of a context for as long as it lives.
class DiagnosticLog {
public:
  explicit DiagnosticLog(mlir::MLIRContext &context);

  /// Everything so far, newline terminated; severity at the start of each diagnostic.
  const std::string &text() const { return collected; }
  /// Only the errors with their notes, without the leading "error: ".
  const std::string &errors() const { return errorText; }
  /// What the first error is about; nothing if it does not say, or there is none.
  std::optional<ErrorKind> kind() const;
  const std::vector<Message> &messages() const { return kept; }
  void clear();

private:
  void add(mlir::Diagnostic &diagnostic);

  std::string collected, errorText;
  std::optional<ErrorKind> firstKind;
  std::vector<Message> kept;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_DIAGNOSTICS_H
