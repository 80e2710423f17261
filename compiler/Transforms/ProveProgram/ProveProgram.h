// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declares the pass isa-prove; ProveProgram.td is its manual page.
#ifndef ARSIS_COMPILER_TRANSFORMS_PROVEPROGRAM_PROVEPROGRAM_H
#define ARSIS_COMPILER_TRANSFORMS_PROVEPROGRAM_PROVEPROGRAM_H

#include "dialects/Isa/IR/Isa.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/ProveProgram/ProveProgram.h.inc"
} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_PROVEPROGRAM_PROVEPROGRAM_H
