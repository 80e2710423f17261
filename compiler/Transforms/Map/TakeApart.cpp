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
#include "llvm/ADT/SetVector.h"
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

/// Of one block, whatever they read of each other.
void erase(ArrayRef<Operation *> copies) {
  for (Operation *op : copies)
    op->dropAllUses();
  for (Operation *op : copies)
    op->erase();
}

class Decision {
public:
  Decision(Solver &solver, const ScheduleFile &file) : solver(solver), file(file) {}

  /// About one unit. `left` is what is to be decided about then, or null.
  LogicalResult decide(std::string key, Operation *op, Operation *&left) {
    // Gone before the unit is priced: it is solved once, and mapped as what was priced.
    const ArrayAttr stored = nn::takeStored(op);
    if (!isKeyOf(op, key)) // what it goes on from is not offered any more
      key = keyOf(op);
    const bool stays = cast<nn::ScheduledOpInterface>(op).getScheduleAttr() || file.has(key);
    const bool asked = isMemberNamed(op) || isRestNamed(op, stored);
    bool withdraws = false;
    if (!stays && failed(reported(op, [&] { // errors of a strategy from outside
          withdraws = isOfferWithdrawn(op, stored, /*mayPrice=*/!asked);
          return success();
        })))
      return failure();
    if (withdraws) {
      const bool joinsTaker = isReadByTaker(op, nn::takersOf(op));
      Operation *last = withdrawOffers(op, stored, joinsTaker, /*isCopy=*/false).fresh.back();
      left = nn::bodyOf(last) ? last : nullptr;
      return success();
    }
    bool apart = !stays && asked;
    SmallVector<Operation *, 2> variants = nn::variantsOf(op);
    Operation *best = variants.empty() ? op : variants.front();
    if (!stays && !asked && failed(reported(op, [&] {
          best = cheapestOf(op, variants);
          double together = solver.costOf(best);
          for (Operation *variant : variants)
            if (file.has(scheduleKey(variant) + key.substr(scheduleKey(op).size()))) {
              best = variant;
              together = 0;
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

  /// A unit without variants, or the cheapest of these: the one that computes a value again unless lanes are
  /// what it waits for.
  Operation *cheapestOf(Operation *unit, ArrayRef<Operation *> variants) {
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

  /// What stands costs without the types that a unit's values had before, in its best variant; `arrays`,
  /// unless null, becomes the cycles for which it keeps the arrays busy.
  double costOfCopy(Operation *op, double *arrays = nullptr) {
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
  double costOfCopies(ArrayRef<Operation *> ops) {
    double cost = 0;
    for (Operation *op : ops)
      cost += costOfCopy(op);
    return cost;
  }

  /// Cycles for which the cheapest schedule keeps an engine busy.
  double busy(Operation *op, schedule::Engine engine) {
    const std::optional<schedule::Solution> solution = solver.solutionOf(op);
    return solution ? solution->best.estimate.busy[static_cast<size_t>(engine)] : 0;
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

  /// What stands in the place of a unit that sums up nothing for others, and those who do so themselves now.
  struct Without {
    Operations fresh, takers;
  };
  /// Whether one who goes on from the sums of a unit is the only one who reads what else it makes.
  static bool isReadByTaker(Operation *unit, ArrayRef<Operation *> takers) {
    return takers.size() == 1 && !nn::bodyOf(takers.front()) &&
           llvm::all_of(llvm::zip_equal(nn::bodyOf(unit)->getTerminator()->getOperands(), unit->getResults()),
                        [&](auto pair) {
                          return nn::isOffer(std::get<0>(pair).getDefiningOp()) ||
                                 llvm::all_of(std::get<1>(pair).getUsers(),
                                              [&](Operation *user) { return user == takers.front(); });
                        });
  }
  /// `joinsTaker`: all but the product joins the one who sums up itself then. A copy hands out what it makes
  /// although nobody reads it.
  static Without withdrawOffers(Operation *unit, ArrayAttr stored, bool joinsTaker, bool isCopy) {
    Without without;
    Operations alone = nn::dissolve(unit, stored, /*keepsOffers=*/true), rest;
    llvm::erase_if(alone, [&](Operation *op) { return nn::withdrawOffer(op, &without.takers); });
    without.takers =
        llvm::SmallSetVector<Operation *, 4>(without.takers.begin(), without.takers.end()).takeVector();
    llvm::copy_if(alone, std::back_inserter(rest), [](Operation *op) { return !isProduct(op); });
    const auto form = [&](ArrayRef<Operation *> ops) {
      const SmallVector<Value> results(ops.back()->getResults());
      return ops.size() > 1 ? nn::formUnit(ops, originOf(ops), isCopy ? results : SmallVector<Value>())
                            : ops.front();
    };
    if (joinsTaker && rest.size() + 1 == alone.size() && !rest.empty()) {
      llvm::copy_if(alone, std::back_inserter(without.fresh), isProduct);
      llvm::append_range(rest, without.takers);
      without.takers.clear();
      without.fresh.push_back(form(rest));
    } else {
      without.fresh.push_back(form(alone));
    }
    return without;
  }

  /// Whether someone asks for what stands without the sums of a unit, or, where it may be priced, that costs
  /// less.
  bool isOfferWithdrawn(Operation *unit, ArrayAttr stored, bool mayPrice) {
    const Operations takers = nn::takersOf(unit);
    if (takers.empty())
      return false;
    IRMapping mapping;
    Operation *copy = OpBuilder(unit).clone(*unit, mapping);
    for (Operation *taker : takers)
      OpBuilder(taker).clone(*taker, mapping);
    const Without without = withdrawOffers(copy, stored, isReadByTaker(unit, takers), /*isCopy=*/true);
    const auto isAsked = [&](Operation *op) { return isNamed(op); };
    bool withdraws = llvm::any_of(without.fresh, isAsked) || llvm::any_of(without.takers, isAsked);
    if (!withdraws && mayPrice) {
      double arrays = 0;
      const double with = costOfCopy(unit, &arrays) + costOfCopies(takers),
                   others = costOfCopies(without.takers);
      // The arrays have the same work without, and the DRAM has to move at least what is left.
      const double least = std::max(arrays, leastDramCycles(without.fresh));
      withdraws = with > others + least && with > others + costOfCopies(without.fresh);
    }
    erase(without.takers);
    erase(without.fresh);
    return withdraws;
  }

  /// Whether a key is that of an operation, with a number or without.
  static bool isKeyOf(Operation *op, StringRef key) {
    return key.consume_front(scheduleKey(op)) && (key.empty() || key.front() == '.');
  }
  static std::string keyOf(Operation *op) {
    for (auto &[key, other] : scheduleKeys(op->getParentOfType<ModuleOp>()))
      if (other == op)
        return key;
    return scheduleKey(op);
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
    constexpr double kBusy = 0.95;
    bool dearer =
        together > leastDramCycles(alone) && busy(best, schedule::Engine::Matrix) < kBusy * together;
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
