// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Prices.h.
#include "compiler/Transforms/Map/Prices.h"

#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;

namespace arsis::compiler {

Operation *Prices::cheapestOf(Operation *unit, ArrayRef<Operation *> variants) const {
  if (variants.empty())
    return unit;
  constexpr double kIdle = 0.5;
  Operation *best = variants.front();
  if (const double cost = solver.costOf(best);
      std::isinf(cost) || busy(best, schedule::Engine::Vector) > kIdle * cost)
    for (Operation *variant : variants.drop_front())
      if (solver.costOf(variant) < solver.costOf(best))
        best = variant;
  return best;
}

/// Calls `price(copy, variants)` with a copy that stands without the types that its values had before.
template <class Price> static double priceOfCopy(Operation *op, Price price) {
  Operation *copy = OpBuilder(op).clone(*op);
  SmallVector<Operation *, 2> variants;
  if (nn::bodyOf(copy)) {
    nn::takeStored(copy);
    variants = nn::variantsOf(copy);
  }
  const double cost = price(copy, variants);
  erase(variants);
  copy->erase();
  return cost;
}

double Prices::costOfCopy(Operation *op, double *arrays) const {
  return priceOfCopy(op, [&](Operation *copy, ArrayRef<Operation *> variants) {
    Operation *best = cheapestOf(copy, variants);
    if (arrays)
      *arrays = busy(best, schedule::Engine::Matrix);
    return solver.costOf(best);
  });
}

double Prices::roughCostOfCopies(ArrayRef<Operation *> ops) const {
  double cost = 0;
  for (Operation *op : ops)
    cost += priceOfCopy(op, [&](Operation *copy, ArrayRef<Operation *> variants) {
      double least = variants.empty() ? solver.roughCostOf(copy) : std::numeric_limits<double>::infinity();
      for (Operation *variant : variants)
        least = std::min(least, solver.roughCostOf(variant));
      return least;
    });
  return cost;
}

std::optional<bool> Prices::isClearlyMore(ArrayRef<Operation *> ops, ArrayRef<Operation *> others) const {
  constexpr double kClearly = 1.15; // docs/rationale/schedules.md
  const double cost = roughCostOfCopies(ops), other = roughCostOfCopies(others);
  if (cost > kClearly * other)
    return true;
  if (other > kClearly * cost)
    return false;
  return std::nullopt;
}

double Prices::costOfCopies(ArrayRef<Operation *> ops) const {
  double cost = 0;
  for (Operation *op : ops)
    cost += costOfCopy(op);
  return cost;
}

bool Prices::isMore(double cycles, ArrayRef<Operation *> ops, ArrayRef<double> floors) const {
  double least = std::accumulate(floors.begin(), floors.end(), 0.0);
  for (auto [op, floor] : llvm::zip_equal(ops, floors)) {
    if (cycles <= least)
      return false;
    least += costOfCopy(op) - floor;
  }
  return cycles > least;
}

double Prices::busy(Operation *op, schedule::Engine engine) const {
  const std::optional<schedule::Solution> solution = solver.solutionOf(op);
  return solution ? solution->best.estimate.busy[static_cast<size_t>(engine)] : 0;
}

double Prices::leastDramCycles(ArrayRef<Operation *> ops) const {
  int64_t bytes = 0;
  auto add = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    bytes += tensor.getNumElements() * (tensor.getElementTypeBitWidth() / 8);
  };
  for (Operation *op : ops) {
    llvm::for_each(op->getOperandTypes(), add);
    llvm::for_each(op->getResultTypes(), add);
  }
  return double(bytes) / solver.model.limits.dramBytesPerCycle;
}

void erase(ArrayRef<Operation *> copies) {
  for (Operation *op : copies)
    op->dropAllUses();
  for (Operation *op : copies)
    op->erase();
}

} // namespace arsis::compiler
