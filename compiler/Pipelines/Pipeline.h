// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one pipeline: what arsis-compile, arsis-opt --arsis-pipeline and Python run. Each pass acts on its own
// level only, so that the same pipeline goes on from the text of any level.
#ifndef ARSIS_COMPILER_PIPELINES_PIPELINE_H
#define ARSIS_COMPILER_PIPELINES_PIPELINE_H

#include "compiler/Pipelines/Options.h"
#include "mlir/Pass/PassManager.h"

namespace arsis::compiler {

/// Adds the passes up to the level `options.to`, to a pass manager on modules. Throws arsis::Error for
/// options that make no sense, a chip that cannot be read, or further passes that do not parse.
void buildPipeline(mlir::OpPassManager &passes, const CompileOptions &options);

/// The passes from sequential tile programs to the isa dialect, for a chip as options name it.
void addTileToIsaPasses(mlir::OpPassManager &passes, const std::string &chip,
                        llvm::ArrayRef<std::string> set);

/// Registers it as `arsis-pipeline`.
void registerPipeline();

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_PIPELINE_H
