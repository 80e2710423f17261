// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Prices.h.
#include "compiler/Transforms/Map/Prices.h"

#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

#include <cmath>
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

double Prices::costOfCopy(Operation *op, double *arrays) const {
  Operation *copy = OpBuilder(op).clone(*op);
  SmallVector<Operation *, 2> variants;
  if (nn::bodyOf(copy)) {
    nn::takeStored(copy);
    variants = nn::variantsOf(copy);
  }
  Operation *best = cheapestOf(copy, variants);
  const double cost = solver.costOf(best);
  if (arrays)
    *arrays = busy(best, schedule::Engine::Matrix);
  erase(variants);
  copy->erase();
  return cost;
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
