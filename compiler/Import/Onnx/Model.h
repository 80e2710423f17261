// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the bytes of a file to a checked model: one graph of known operators with all its data.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_MODEL_H
#define ARSIS_COMPILER_IMPORT_ONNX_MODEL_H

#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace onnx {
class ModelProto;
}

namespace arsis::compiler::onnximport {

/// Where a model comes from.
struct Source {
  llvm::StringRef bytes;
  std::string name;                  ///< the path, or what stands for it in diagnostics
  std::optional<std::string> folder; ///< where files beside the model are; none for bytes from elsewhere
  bool mayLackFiles = false;         ///< tensors whose files do not exist have no values
};

/// Fills `model` with what the file says, functions inlined; its opset. Failure after one diagnostic.
mlir::FailureOr<int64_t> readGraph(mlir::MLIRContext &context, const Source &source, onnx::ModelProto &model);

/// The same, with all data, and checked.
mlir::LogicalResult readModel(mlir::MLIRContext &context, const Source &source, onnx::ModelProto &model);

/// Success if there are no problems, else one diagnostic in the name of the file that has all of them.
mlir::LogicalResult reportProblems(mlir::MLIRContext &context, llvm::StringRef file,
                                   llvm::ArrayRef<std::string> problems);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_MODEL_H
