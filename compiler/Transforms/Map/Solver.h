// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cheapest schedule of an operation over all strategies that are for it. Operations that look alike are
// solved once.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_SOLVER_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_SOLVER_H

#include "compiler/Schedule/Search.h"

#include "mlir/IR/Operation.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arsis::compiler {

/// The number of the space of the cheapest schedule, and what the other strategies would cost, in words.
struct Found {
  size_t space = 0;
  schedule::Solution solution;
  std::string others;
};

class Solver {
public:
  explicit Solver(const schedule::ChipModel &model) : model(model) {}

  /// Which of several spaces has the cheapest schedule under these pins and those of the operation; of equal
  /// ones the first. An error on the operation if none has any.
  mlir::FailureOr<Found> cheapest(mlir::Operation *op,
                                  const std::vector<std::unique_ptr<schedule::Space>> &spaces,
                                  const schedule::Pins &pins);
  /// The same without pins; nothing, and no error, if there is none.
  std::optional<schedule::Solution> solutionOf(mlir::Operation *op);
  /// Its cycles; infinite if there is none.
  double costOf(mlir::Operation *op);
  /// What the most promising schedule costs in closed form; infinite if there is none.
  double roughCostOf(mlir::Operation *op);

  const schedule::ChipModel &model;
  int64_t considered = 0, priced = 0, solutions = 0; // over all that were solved

private:
  /// What of one of an operation's spaces fits, or why nothing does.
  struct Looked {
    std::optional<schedule::Candidates> candidates;
    schedule::Infeasible why;
  };
  /// An empty signature is that of an operation under pins, which is looked at each time.
  const Looked &look(const std::string &alike, size_t number, const schedule::Space &space,
                     const schedule::Pins &pins);

  std::map<std::string, Found> solved;
  std::map<std::string, double> rough;
  std::map<std::pair<std::string, size_t>, Looked> looked; // of those that are not solved yet
};

} // namespace arsis::compiler

#endif
