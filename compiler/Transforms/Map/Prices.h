// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What units cost, for those who compare them with what else could stand in their place.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_PRICES_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_PRICES_H

#include "compiler/Transforms/Map/Solver.h"

namespace arsis::compiler {

class Prices {
public:
  /// Whose arrays are busy for a greater share of its time would do no better with less to do besides.
  static constexpr double kBusy = 0.95;

  explicit Prices(Solver &solver) : solver(solver) {}

  /// A unit without variants, or the cheapest of these: the one that computes a value again unless lanes are
  /// what it waits for.
  mlir::Operation *cheapestOf(mlir::Operation *unit, llvm::ArrayRef<mlir::Operation *> variants) const;
  /// What stands costs without the types that a unit's values had before, in its best variant; `arrays`,
  /// unless null, becomes the cycles for which it keeps the arrays busy.
  double costOfCopy(mlir::Operation *op, double *arrays = nullptr) const;
  double costOfCopies(llvm::ArrayRef<mlir::Operation *> ops) const;
  /// Whether these cost so much more, or less, than those in closed form that a run would not turn it round.
  std::optional<bool> isClearlyMore(llvm::ArrayRef<mlir::Operation *> ops,
                                    llvm::ArrayRef<mlir::Operation *> others) const;
  /// Whether so many cycles are more than all of these cost, each of which costs at least its floor. Prices
  /// no more of them, in their order, than it takes to tell.
  bool isMore(double cycles, llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<double> floors) const;
  /// Cycles for which the cheapest schedule keeps an engine busy.
  double busy(mlir::Operation *op, schedule::Engine engine) const;
  /// What the DRAM takes at least for all that these read and write.
  double leastDramCycles(llvm::ArrayRef<mlir::Operation *> ops) const;

private:
  double roughCostOfCopies(llvm::ArrayRef<mlir::Operation *> ops) const;

  Solver &solver;
};

/// Operations of one block, whatever they read of each other.
void erase(llvm::ArrayRef<mlir::Operation *> copies);

} // namespace arsis::compiler

#endif
