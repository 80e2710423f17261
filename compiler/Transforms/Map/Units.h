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

/// The unit that several operations of a block would be, in their order.
schedule::Unit unitOf(llvm::ArrayRef<mlir::Operation *> ops);

/// How the operands and results of an operation that are views lie in DRAM; equal for equal units.
std::string viewsOf(mlir::Operation *op);

/// Whether an operation by itself is a product of the arrays.
bool isProduct(mlir::Operation *op);

/// Whose layer and phase a unit of these has: the product's, else the one's that does most, of equal ones the
/// last.
mlir::Operation *originOf(llvm::ArrayRef<mlir::Operation *> ops);

/// The operations whose sums a unit's plan orders: itself, or those in its body.
llvm::SmallVector<nn::ReductionOpInterface> reductionsOf(mlir::Operation *op);

/// What a plan says about one of the reductions, in the order of its dims; shorter if it does not say all.
llvm::SmallVector<int64_t> chunksOf(const schedule::Plan &plan, nn::ReductionOpInterface reduction);
/// Reports a plan whose partial sums do not begin as those of the schedule.
mlir::LogicalResult checkBegin(mlir::Operation *op, nn::PlanAttr plan, bool continues);

/// The schedules of an operation, one space per strategy that is for it; none if it computes nothing. Throws
/// arsis::Error if a strategy from outside makes no sense.
std::vector<std::unique_ptr<schedule::Space>> spacesOf(mlir::Operation *op,
                                                       const schedule::ChipLimits &limits);

/// The one of the strategy that the operation's schedule names, else the first; null if there is none.
std::unique_ptr<schedule::Space> spaceOf(mlir::Operation *op, const schedule::ChipLimits &limits);

/// What a schedule attribute says; nothing is held if it is null.
schedule::Pins pinsOf(nn::ScheduleAttr attribute);

/// A complete choice as an attribute.
nn::ScheduleAttr scheduleAttr(mlir::MLIRContext *context, const schedule::Space &space,
                              const schedule::Choice &choice);

/// The choice that the search stored on `op`, checked against the space, the chip and the plan; nothing after
/// an error on `op`.
std::optional<schedule::Choice> readChoice(mlir::Operation *op, const schedule::Space &space);

/// What the key of an operation is, before operations of one key are numbered.
std::string scheduleKey(mlir::Operation *op);

/// Where an operation's schedule stands in a file: layer, phase and operation, without those it does not
/// have. The second operation with the same key ends in .1, and so on. All that have schedules, in order.
std::vector<std::pair<std::string, mlir::Operation *>> scheduleKeys(mlir::ModuleOp module);

} // namespace arsis::compiler

#endif
