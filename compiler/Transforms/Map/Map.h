// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapping pass and its programmatic entry. Map.td is its manual page.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_MAP_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_MAP_H

#include "compiler/Schedule/Search.h"
#include "dialects/NN/IR/NNDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

#define GEN_PASS_DECL
#include "compiler/Transforms/Map/Map.h.inc"

/// The schedules of a module as the JSON text that the pass reads.
std::string schedulesToJson(mlir::ModuleOp module);

/// What was found for an operation; its schedule is in the module.
struct Decision {
  std::string key, strategy;
  schedule::Solution solution;
  std::string runnerUp;                     // of the same strategy, in words; empty if there was none
  int64_t scratchpadBytes, accumulatorRows; // that the chip has
};

/// The pass, which also tells `decisions` (if not null) of everything that it decided, in program order.
std::unique_ptr<mlir::Pass> createMapPass(const MapPassOptions &options, std::vector<Decision> *decisions);

#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/Map/Map.h.inc"

} // namespace arsis::compiler

#endif
