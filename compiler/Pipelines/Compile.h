// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole way from a model to a program, as functions that the tool, the Python package and the tests share. Every
// function reports through the diagnostics of the context and returns failure.

#ifndef ARSIS_COMPILER_PIPELINES_COMPILE_H
#define ARSIS_COMPILER_PIPELINES_COMPILE_H

#include "compiler/Pipelines/Options.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>

namespace arsis::compiler {

/// A context that has every dialect of the compiler and runs on the calling thread.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// Reads an .onnx file, or an nn module from an .mlir file; null on failure.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, llvm::StringRef path,
                                              const CompileOptions &options);

/// Leaves the module with one function: @train_step if training is asked for, else @forward.
mlir::LogicalResult buildStep(mlir::ModuleOp module, const CompileOptions &options);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_COMPILE_H
