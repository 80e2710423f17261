// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiler as the fuzz targets drive it.
#ifndef ARSIS_TESTS_FUZZ_COMPILE_H
#define ARSIS_TESTS_FUZZ_COMPILE_H

#include "arch_configs/reader/Chip.h"
#include "compiler/Pipelines/Compile.h"

namespace arsis::fuzz {

/// An nn module with one small operation of each family: what a chip or a mapping is tried on.
extern const char *const kSmallModel;

/// The program that the pipeline makes of a module of any level, unverified, or nothing after diagnostics.
/// Throws Error.
std::optional<isa::Program> compileOn(mlir::ModuleOp module, compiler::CompileOptions &options);

/// Compiles kSmallModel for `chip`, which the options name; the program has to be accepted by the verifier
/// and run. Throws Error with the diagnostics.
void compileSmallModel(const chip::Chip &chip, compiler::CompileOptions &options);

} // namespace arsis::fuzz

#endif
