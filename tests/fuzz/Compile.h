// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiler as the fuzz targets drive it.
#ifndef ARSIS_TESTS_FUZZ_COMPILE_H
#define ARSIS_TESTS_FUZZ_COMPILE_H

#include "compiler/Pipelines/Compile.h"

namespace arsis::fuzz {

/// An nn module with one small operation of each family: what a chip or a mapping is tried on.
extern const char *const kSmallModel;

/// The program of a module that enters at `level` (NN, Step, Mapped, Tile or Isa), or nothing after
/// diagnostics. Throws Error.
std::optional<isa::Program> compileFrom(compiler::Stage level, mlir::ModuleOp module, const chip::Chip &chip,
                                        const compiler::CompileOptions &options);

/// Compiles kSmallModel; the program has to be accepted by the verifier and run. Throws Error with the
/// diagnostics.
void compileSmallModel(const chip::Chip &chip, const compiler::CompileOptions &options);

} // namespace arsis::fuzz

#endif
