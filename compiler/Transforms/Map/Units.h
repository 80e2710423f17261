// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations as units of the scheduler, which knows no MLIR: the only place where both are known.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_UNITS_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_UNITS_H

#include "compiler/Schedule/Space.h"
#include "dialects/NN/IR/NNDialect.h"

namespace arsis::compiler {

/// The unit of one operation; its values are the operands, then the results, of the operation. Nothing if the
/// operation computes nothing (a reshape, a constant).
std::optional<schedule::Unit> unitOf(mlir::Operation *op);

/// The schedules of an operation; null if it computes nothing or no strategy is for it.
std::unique_ptr<schedule::Space> spaceOf(mlir::Operation *op, const schedule::ChipLimits &limits);

/// The choice that the mapping pass stored on `op`, checked against the space; nothing after an error on
/// `op`.
std::optional<schedule::Choice> readChoice(mlir::Operation *op, const schedule::Space &space);

} // namespace arsis::compiler

#endif
