// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides about the units that were proposed.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_TAKEAPART_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_TAKEAPART_H

#include "compiler/Transforms/Map/ScheduleFile.h"
#include "compiler/Transforms/Map/Solver.h"

#include "mlir/IR/BuiltinOps.h"

namespace arsis::compiler {

/// Takes units apart whose operations cost less alone, or that fit nowhere; what a pin or a schedule speaks
/// of stays. What is left of a unit without its product is one again.
mlir::LogicalResult takeApart(mlir::ModuleOp module, Solver &solver, const ScheduleFile &file);

} // namespace arsis::compiler

#endif
