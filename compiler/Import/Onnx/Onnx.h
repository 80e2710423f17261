// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry points of the ONNX importer: an .onnx file (opset 7 to 28) becomes one module with `func.func
// @forward` on the nn level. Everything the compiler cannot run is reported in one diagnostic that names
// every offending node.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_ONNX_H
#define ARSIS_COMPILER_IMPORT_ONNX_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace arsis::compiler {

struct ImportOptions {
  /// Becomes the first dimension of the graph inputs: of those whose first dimension is unknown, and of those
  /// that have there the size that the file fixes for its first input.
  std::optional<int64_t> batch;
  /// Binds other symbolic dimensions by name.
  std::map<std::string, int64_t> dims;
  /// Imports for a training step: batch normalisation uses the statistics of the batch and updates the
  /// running ones, whichever way the graph was exported; a remark names those exported in inference form.
  bool training = false;
  /// Glob patterns on names of constants that several nodes read: what `tie` matches is one parameter of all
  /// of them, what `untie` matches one for each. What neither matches is separated if its elements are all
  /// equal.
  std::vector<std::string> tie, untie;
  /// Glob patterns on names of parameters that a training step leaves as they are.
  std::vector<std::string> freeze;
  /// Gives parameters without values, also those whose file is missing, random ones from this seed. Without
  /// it those that the file gives a shape only are zero.
  std::optional<uint64_t> randomWeights;
};

/// By the name of a parameter or running statistic, the numbers of the nodes and inputs that read it in the
/// file, functions inlined (`inlinedModel`).
using ParameterReaders = std::map<std::string, std::vector<std::pair<int, int>>>;

/// Which inputs of the file's nodes read what the importer makes a tensor of its own: initialisers and
/// constants of floats, after what was merged is separated. Failure after one error diagnostic.
mlir::FailureOr<ParameterReaders> readersOfParameters(mlir::MLIRContext &context, llvm::StringRef path,
                                                      const ImportOptions &options);

/// The file with its functions inlined, as an ONNX file. Data in other files stay there. Failure after one
/// error diagnostic.
mlir::FailureOr<std::string> inlinedModel(mlir::MLIRContext &context, llvm::StringRef path);

/// Reads the file at `path`. Returns null after one error diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(mlir::MLIRContext &context, llvm::StringRef path,
                                             const ImportOptions &options);

/// The same for a serialised model in memory; `name` stands for the path in diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> importOnnxBytes(mlir::MLIRContext &context, llvm::StringRef bytes,
                                                  llvm::StringRef name, const ImportOptions &options);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_IMPORT_ONNX_ONNX_H
