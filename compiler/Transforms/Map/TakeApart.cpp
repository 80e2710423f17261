// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See TakeApart.h.
#include "compiler/Transforms/Map/TakeApart.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace arsis::compiler {

namespace {

using Operations = SmallVector<Operation *>;

/// Joins again what of a unit's operations is left without its product, and returns it; null if that is one
/// operation, or there is no product.
Operation *joinRest(Operations &alone, ArrayRef<Value> handedOut = {}) {
  Operations rest;
  Operation *product = nullptr;
  for (Operation *op : alone)
    if (!product && isProduct(op))
      product = op;
    else
      rest.push_back(op);
  if (!product || rest.size() < 2)
    return nullptr;
  alone = {product, nn::formUnit(rest, originOf(rest), handedOut)};
  return alone.back();
}

void erase(ArrayRef<Operation *> copies) {
  for (Operation *op : llvm::reverse(copies))
    op->erase();
}

class Decision {
public:
  Decision(Solver &solver, const ScheduleFile &file) : solver(solver), file(file) {}

  /// About one unit. `left` is what is to be decided about then, or null.
  LogicalResult decide(const std::string &key, Operation *op, Operation *&left) {
    // Gone before the unit is priced: it is solved once, and mapped as what was priced.
    const ArrayAttr stored = nn::takeStored(op);
    const bool stays = cast<nn::ScheduledOpInterface>(op).getScheduleAttr() || file.has(key);
    const bool asked = isMemberNamed(op) || isRestNamed(op, stored);
    bool withdraws = false;
    if (!stays && !asked && failed(reported(op, [&] { // errors of a strategy from outside
          withdraws = isOfferDearer(op, stored);
          return success();
        })))
      return failure();
    if (withdraws) {
      Operation *without = withdrawOffers(op, stored);
      left = nn::bodyOf(without) ? without : nullptr;
      return success();
    }
    bool apart = !stays && asked;
    SmallVector<Operation *, 2> variants = nn::variantsOf(op);
    Operation *best = variants.empty() ? op : variants.front();
    if (!stays && !asked && failed(reported(op, [&] {
          double together = solver.costOf(best);
          for (Operation *variant : variants) {
            const double cost = solver.costOf(variant);
            const bool named = file.has(scheduleKey(variant) + key.substr(scheduleKey(op).size()));
            if (named || cost < together)
              best = variant;
            together = named ? 0 : std::min(together, cost);
          }
          apart = std::isinf(together) || isDearer(op, stored, best, together);
          return success();
        })))
      return failure();
    for (Operation *variant : variants)
      if (apart || variant != best)
        variant->erase();
    if (apart) {
      Operations alone = nn::dissolve(op, stored);
      llvm::erase_if(
          alone, [&](Operation *each) { return !file.has(scheduleKey(each)) && nn::withdrawOffer(each); });
      left = joinRest(alone);
    } else if (best != op) {
      op->replaceAllUsesWith(best);
      op->erase();
    }
    return success();
  }

private:
  /// Whether a pin or a schedule speaks of one of a unit's operations.
  bool isMemberNamed(Operation *op) const {
    Block *body = nn::bodyOf(op);
    return body && llvm::any_of(body->without_terminator(),
                                [&](Operation &inner) { return file.has(scheduleKey(&inner)); });
  }
  bool isNamed(Operation *op) const { return file.has(scheduleKey(op)) || isMemberNamed(op); }

  /// What stands costs without the types that a unit's values had before.
  double costOfCopy(Operation *op) {
    Operation *copy = OpBuilder(op).clone(*op);
    if (nn::bodyOf(copy))
      nn::takeStored(copy);
    const double cost = solver.costOf(copy);
    copy->erase();
    return cost;
  }

  /// Cycles for which the cheapest schedule keeps the arrays busy.
  double busyArrays(Operation *op) {
    const std::optional<schedule::Solution> solution = solver.solutionOf(op);
    return solution ? solution->best.estimate.busy[static_cast<size_t>(schedule::Engine::Matrix)] : 0;
  }

  /// What the DRAM takes at least for all that these read and write.
  double leastDramCycles(ArrayRef<Operation *> ops) const {
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

  /// Takes what a unit sums up for others out of it. What is left stands in its place: a unit, or one
  /// operation.
  static Operation *withdrawOffers(Operation *unit, ArrayAttr stored,
                                   SmallVectorImpl<Operation *> *takers = nullptr) {
    Operations alone = nn::dissolve(unit, stored);
    llvm::erase_if(alone, [&](Operation *op) { return nn::withdrawOffer(op, takers); });
    return alone.size() > 1 ? nn::formUnit(alone, originOf(alone)) : alone.front();
  }

  /// Whether what a unit sums up for others costs more than if they did it.
  bool isOfferDearer(Operation *unit, ArrayAttr stored) {
    const Operations takers = nn::takersOf(unit);
    if (takers.empty())
      return false;
    double gain = 0; // of those who go on from the sums
    IRMapping mapping;
    Operation *copy = OpBuilder(unit).clone(*unit, mapping);
    for (Operation *taker : takers) {
      gain -= costOfCopy(taker);
      OpBuilder(taker).clone(*taker, mapping);
    }
    Operations others;
    Operation *left = withdrawOffers(copy, stored, &others);
    bool asked = isNamed(left); // someone speaks of what stands without
    for (Operation *other : others) {
      asked |= isNamed(other);
      gain += costOfCopy(other);
      other->erase();
    }
    // The arrays have the same work without, and the DRAM has to move at least what is left.
    const double together = solver.costOf(unit), least = std::max(busyArrays(unit), leastDramCycles({left}));
    const bool dearer = asked || (gain < together - least && gain < together - costOfCopy(left));
    left->erase();
    return dearer;
  }

  bool isRestNamed(Operation *unit, ArrayAttr stored) {
    SmallVector<Value> results;
    Operations alone = nn::copiesOf(unit, stored, &results);
    Operation *rest = joinRest(alone, results);
    const bool isNamed = rest && file.has(scheduleKey(rest));
    erase(alone);
    return isNamed;
  }

  /// Whether the operations of a unit cost less alone, or all but a product as one. They cost at least what
  /// the DRAM takes for their values, which mostly decides it, and a product that keeps its arrays busy would
  /// do no better alone. `best` is the variant of the unit that costs so much together.
  bool isDearer(Operation *unit, ArrayAttr stored, Operation *best, double together) {
    Operations alone = nn::copiesOf(unit, stored);
    constexpr double kBusy = 0.95; // a product would do no better alone
    bool dearer = together > leastDramCycles(alone) && busyArrays(best) < kBusy * together;
    if (dearer) {
      double apart = 0;
      for (Operation *op : alone)
        apart += solver.costOf(op);
      dearer = together > std::min(apart, costOfRest(unit, stored));
    }
    erase(alone);
    return dearer;
  }

  /// Of the product and of what is left without it; infinite if it has none, or only one operation besides.
  double costOfRest(Operation *unit, ArrayAttr stored) {
    SmallVector<Value> results;
    Operations alone = nn::copiesOf(unit, stored, &results);
    double cost = std::numeric_limits<double>::infinity();
    if (Operation *rest = joinRest(alone, results)) {
      nn::takeStored(rest);
      cost = solver.costOf(alone.front()) + solver.costOf(rest);
    }
    erase(alone);
    return cost;
  }

  Solver &solver;
  const ScheduleFile &file;
};

} // namespace

LogicalResult takeApart(ModuleOp module, Solver &solver, const ScheduleFile &file) {
  Decision decision(solver, file);
  llvm::SmallPtrSet<Operation *, 16> open;
  for (auto &[key, op] : scheduleKeys(module))
    if (nn::bodyOf(op))
      open.insert(op);
  while (!open.empty()) {
    llvm::SmallPtrSet<Operation *, 16> left;
    for (auto &[key, op] : scheduleKeys(module))
      if (Operation *more = nullptr; open.contains(op)) {
        if (failed(decision.decide(key, op, more)))
          return failure();
        if (more)
          left.insert(more);
      }
    open = std::move(left);
  }
  return success();
}

} // namespace arsis::compiler
