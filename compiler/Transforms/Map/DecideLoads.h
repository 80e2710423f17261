// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether products repeat work where they load its result, and whether two of them share a nest.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_DECIDELOADS_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_DECIDELOADS_H

#include "compiler/Transforms/Map/ScheduleFile.h"
#include "compiler/Transforms/Map/Solver.h"

#include "mlir/IR/BuiltinOps.h"

namespace arsis::compiler {

/// Makes once, and stores, what products would make again wherever they load it, where that costs less, or
/// where a pin or a schedule speaks of an operation that stands in a step that does so.
mlir::LogicalResult decideLoads(mlir::ModuleOp module, Solver &solver, const ScheduleFile &file);

/// Takes the two gradients of a convolution apart where they cost less in nests of their own, or where a pin
/// or a schedule speaks of one of them.
mlir::LogicalResult decideGradients(mlir::ModuleOp module, Solver &solver, const ScheduleFile &file);

} // namespace arsis::compiler

#endif
