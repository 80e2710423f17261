// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model that is read once and compiled often, as a sweep over chips does.

#ifndef ARSIS_COMPILER_PIPELINES_IMPORTEDMODEL_H
#define ARSIS_COMPILER_PIPELINES_IMPORTEDMODEL_H

#include "compiler/Pipelines/Compile.h"

#include <memory>

namespace arsis::compiler {

class ImportedModel {
public:
  /// Reads the model, for a training step or for its forward pass. Throws Error as compileModel does.
  ImportedModel(Model model, bool training);
  ~ImportedModel();

  /// The program that compileModel makes of the model with these options, to the byte, and its messages,
  /// those of reading included. One thread at a time. Throws Error as compileModel does, and where the
  /// options want a training step of a model read for its forward pass, or the other way.
  isa::Program compile(CompileOptions &options, std::vector<Message> *messages = nullptr);
  /// As far as the schedules, as compiler::chooseSchedules; otherwise as compile().
  Schedules chooseSchedules(CompileOptions &options, std::vector<Message> *messages = nullptr);

private:
  struct Read;
  /// Calls `use` with the module at the level that `options` ask for.
  void compileTo(CompileOptions &options, std::vector<Message> *messages,
                 llvm::function_ref<mlir::LogicalResult(mlir::ModuleOp)> use);

  Model model;
  bool training;
  std::unique_ptr<Read> read;
};

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_IMPORTEDMODEL_H
