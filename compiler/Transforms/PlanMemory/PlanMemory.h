// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declares the passes tile-plan-memory and tile-check-memory.
#ifndef ARSIS_COMPILER_TRANSFORMS_PLANMEMORY_PLANMEMORY_H
#define ARSIS_COMPILER_TRANSFORMS_PLANMEMORY_PLANMEMORY_H

#include "dialects/Tile/IR/Tile.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {
#define GEN_PASS_DECL
#include "compiler/Transforms/PlanMemory/PlanMemory.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/PlanMemory/PlanMemory.h.inc"

/// Addresses are multiples of this in DRAM and in the scratchpad: a DRAM burst, and the widest scratchpad
/// bank.
inline constexpr int64_t kAlignmentBytes = 64;
} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_PLANMEMORY_PLANMEMORY_H
