// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole way from a model to a program, as functions that the tool, the Python package and the tests
// share. Functions on modules report through the diagnostics of the context and return failure.

#ifndef ARSIS_COMPILER_PIPELINES_COMPILE_H
#define ARSIS_COMPILER_PIPELINES_COMPILE_H

#include "compiler/Pipelines/Diagnostics.h"
#include "compiler/Pipelines/Options.h"
#include "compiler/Transforms/Map/Map.h"
#include "dialects/Isa/Encoding/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

#include <memory>

namespace arsis::compiler {

/// A context that has every dialect of the compiler, and those of `more`, and runs on the calling thread.
std::unique_ptr<mlir::MLIRContext> makeContext(const mlir::DialectRegistry &more = mlir::DialectRegistry());

/// Parses textual IR, unless it nests deeper than its reader may; null on failure. Errors are in the name of
/// `name`.
mlir::OwningOpRef<mlir::ModuleOp> parseModule(mlir::MLIRContext &context, llvm::StringRef text,
                                              llvm::StringRef name);

/// What is compiled: a file, or the bytes of an ONNX model that `name` then stands for.
struct Model {
  std::string name;
  ImportOptions import; ///< `training` follows the options of the compilation
  std::optional<std::string> bytes = std::nullopt;
};

/// Reads a model: ONNX, or the text of any level (.mlir). What it is made from is remembered in it. Null on
/// failure.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, const Model &model,
                                              const CompileOptions &options);

/// Checks that the pipeline can go on from the module, which `name` stands for, and fills `passes` with it.
/// Without a chip, `options` get the one that the module remembers. Throws Error for options that make no
/// sense.
mlir::LogicalResult preparePasses(mlir::PassManager &passes, mlir::ModuleOp module, llvm::StringRef name,
                                  CompileOptions &options);

/// Both, and runs the passes. Throws Error for options that make no sense.
mlir::LogicalResult runPasses(mlir::ModuleOp module, llvm::StringRef name, CompileOptions &options);

/// The module as text with locations, in whatever form the command line asks for.
std::string moduleText(mlir::ModuleOp module);

/// All of it, up to a program. Throws arsis::Error with the text of the diagnostics. `messages` receives the
/// warnings and remarks.
isa::Program compileModel(const Model &model, CompileOptions &options,
                          std::vector<Message> *messages = nullptr);

/// The schedules of all operations, as the JSON text that the option `mapping-text` takes, and what the
/// search found out about each.
struct Schedules {
  std::string json;
  std::vector<Decision> decisions;
};

/// As far as the schedules: nothing is lowered. Throws arsis::Error as compileModel does.
Schedules chooseSchedules(const Model &model, CompileOptions &options,
                          std::vector<Message> *messages = nullptr);

/// The step as text before mapping, with initial values: what the reference runs without any chip. Throws
/// arsis::Error.
std::string stepText(const Model &model, CompileOptions &options, std::vector<Message> *messages = nullptr);

/// Which inputs of which nodes of an ONNX file read which parameter. Throws arsis::Error.
ParameterReaders parameterReaders(const std::string &path, const ImportOptions &options);

/// An ONNX file with its functions inlined, as the bytes of another. Throws arsis::Error.
std::string inlinedOnnx(const std::string &path);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_COMPILE_H
