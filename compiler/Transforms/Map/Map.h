// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapping pass and its programmatic entry. Map.td is its manual page.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_MAP_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_MAP_H

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

#define GEN_PASS_DECL
#include "compiler/Transforms/Map/Map.h.inc"

/// The schedules of a module as the JSON text that the pass reads.
std::string schedulesToJson(mlir::ModuleOp module);

#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/Map/Map.h.inc"

} // namespace arsis::compiler

#endif
