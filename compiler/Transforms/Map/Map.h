// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapping pass and its programmatic entry. Map.td is its manual page.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_MAP_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_MAP_H

#include "arch_configs/reader/Chip.h"
#include "dialects/NN/IR/NNDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

#define GEN_PASS_DECL
#include "compiler/Transforms/Map/Map.h.inc"

/// The same pass on a chip at hand (possibly with overrides), and a mapping as JSON text (empty: none).
std::unique_ptr<mlir::Pass> createMapPass(const chip::Chip &chip, std::string mappingJson,
                                          bool explain = false);

/// The schedules of a module as the JSON text that the pass reads.
std::string schedulesToJson(mlir::ModuleOp module);

#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/Map/Map.h.inc"

} // namespace arsis::compiler

#endif
