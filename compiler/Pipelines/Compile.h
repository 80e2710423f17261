// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole way from a model to a program, as functions that the tool, the Python package and the tests
// share. Functions on modules report through the diagnostics of the context and return failure.

#ifndef ARSIS_COMPILER_PIPELINES_COMPILE_H
#define ARSIS_COMPILER_PIPELINES_COMPILE_H

#include "arch_configs/reader/Chip.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "compiler/Pipelines/Options.h"
#include "dialects/Isa/Encoding/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>

namespace arsis::compiler {

/// A context that has every dialect of the compiler and runs on the calling thread.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// Parses textual IR, unless it nests deeper than its reader may; null on failure. Errors are in the name of
/// `name`.
mlir::OwningOpRef<mlir::ModuleOp> parseModule(mlir::MLIRContext &context, llvm::StringRef text,
                                              llvm::StringRef name);

/// Reads an .onnx file, or an nn module from an .mlir file; null on failure.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, llvm::StringRef path,
                                              const CompileOptions &options);

/// Leaves the module with one function: @train_step if training is asked for, else @forward.
mlir::LogicalResult buildStep(mlir::ModuleOp module, const CompileOptions &options);

/// Decides the mapping and the reduction plan of every operation, as attributes.
mlir::LogicalResult mapStep(mlir::ModuleOp module, const chip::Chip &chip, const CompileOptions &options);

/// The module as text with locations. Without initial values, those that are splats stay: the others are in
/// the program.
std::string moduleText(mlir::ModuleOp module, bool withInitialValues);

/// Lowers the mapped step to a sequential tile program.
mlir::LogicalResult lowerToTile(mlir::ModuleOp module, const chip::Chip &chip);

/// Plans the memory of the tile program, splits it by stream and lowers it to the isa dialect.
mlir::LogicalResult lowerToIsa(mlir::ModuleOp module, const chip::Chip &chip);

/// The program of an isa module, with the options, the chip values that the compilation read, and the text of
/// the mapped nn module for the reference. `model` names the source.
mlir::FailureOr<isa::Program> makeProgram(mlir::ModuleOp module, const chip::Chip &chip,
                                          const CompileOptions &options, const std::string &model,
                                          const std::string &mappedModule);

/// Validates and verifies a program for the chip it was compiled for, and records the verdict in it. Throws
/// arsis::Error if it is rejected.
void proveProgram(isa::Program &program, const chip::Chip &chip);

/// All of it, up to a proven program. Throws arsis::Error with the text of the diagnostics. `messages`
/// receives the warnings and remarks.
isa::Program compileFile(const std::string &path, const chip::Chip &chip, const CompileOptions &options,
                         std::vector<Message> *messages = nullptr);

/// The same for a serialised ONNX model in memory; `name` stands for its path.
isa::Program compileBytes(const std::string &bytes, const std::string &name, const chip::Chip &chip,
                          const CompileOptions &options, std::vector<Message> *messages = nullptr);

/// The step as text before mapping, with initial values: what the reference runs without any chip. Throws
/// arsis::Error.
std::string stepText(const std::string &path, const CompileOptions &options,
                     std::vector<Message> *messages = nullptr);

/// Which inputs of which nodes of an ONNX file read which parameter. Throws arsis::Error.
ParameterReaders parameterReaders(const std::string &path, const CompileOptions &options);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_COMPILE_H
