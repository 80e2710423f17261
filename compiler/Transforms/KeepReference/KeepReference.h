// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declares the pass nn-keep-reference; KeepReference.td is its manual page.
#ifndef ARSIS_COMPILER_TRANSFORMS_KEEPREFERENCE_KEEPREFERENCE_H
#define ARSIS_COMPILER_TRANSFORMS_KEEPREFERENCE_KEEPREFERENCE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

/// The module as text with locations, without what its functions remember and without those initial values
/// that are no splats: those are in the program.
std::string referenceText(mlir::ModuleOp module);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/KeepReference/KeepReference.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_KEEPREFERENCE_KEEPREFERENCE_H
