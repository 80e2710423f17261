// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See TakeApart.h.
#include "compiler/Transforms/Map/TakeApart.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Transforms/Map/Prices.h"
#include "compiler/Transforms/Map/Repeated.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <cmath>

using namespace mlir;

namespace arsis::compiler {

namespace {

using Operations = SmallVector<Operation *>;

Operation *joined(ArrayRef<Operation *> ops, ArrayRef<Value> handedOut = {}) {
  return ops.size() > 1 ? nn::formUnit(ops, originOf(ops), handedOut) : ops.front();
}

/// Joins again what of a unit's operations is left without its product and what makes the factors of that,
/// and returns it; null if that is one operation, or there is no product.
Operation *joinRest(Operations &alone, ArrayRef<Value> handedOut = {}) {
  const Operations core = coreOf(alone);
  Operations rest;
  llvm::copy_if(alone, std::back_inserter(rest),
                [&](Operation *op) { return !llvm::is_contained(core, op); });
  if (core.empty() || rest.size() < 2)
    return nullptr;
  Operation *product = joined(core, handedOut);
  alone = {product, joined(rest, handedOut)};
  return alone.back();
}

class Decision {
public:
  Decision(Solver &solver, const ScheduleFile &file) : solver(solver), prices(solver), file(file) {}

  /// About one unit. `left` is what is to be decided about then, or null.
  LogicalResult decide(std::string key, Operation *op, Operation *&left) {
    // Gone before the unit is priced: it is solved once, and mapped as what was priced.
    const ArrayAttr stored = nn::takeStored(op);
    if (!isKeyOf(op, key)) // what it goes on from is not offered any more
      key = keyOf(op);
    const bool isJoint = hasBothGradients(op); // decided about before (DecideLoads.h)
    const bool stays = cast<nn::ScheduledOpInterface>(op).getScheduleAttr() || file.has(key);
    const bool asked = !isJoint && (isMemberNamed(op) || isRestNamed(op, stored));
    bool withdraws = false;
    if (!stays && !isJoint && failed(reported(op, [&] { // errors of a strategy from outside
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
          best = prices.cheapestOf(op, variants);
          double together = solver.costOf(best);
          for (Operation *variant : variants)
            if (file.has(scheduleKey(variant) + key.substr(scheduleKey(op).size()))) {
              best = variant;
              together = 0;
            }
          apart = !isJoint && (std::isinf(together) || isDearer(op, stored, best, together));
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
    const Operations core = coreOf(alone);
    llvm::copy_if(alone, std::back_inserter(rest),
                  [&](Operation *op) { return !llvm::is_contained(core, op); });
    const auto form = [&](ArrayRef<Operation *> ops) {
      const SmallVector<Value> results(ops.back()->getResults());
      return ops.size() > 1 ? nn::formUnit(ops, originOf(ops), isCopy ? results : SmallVector<Value>())
                            : ops.front();
    };
    if (joinsTaker && !core.empty() && !rest.empty()) {
      without.fresh.push_back(joined(core));
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
    Without without = withdrawOffers(copy, stored, isReadByTaker(unit, takers), /*isCopy=*/true);
    // One of several sums up for all, and the others go on from that one.
    llvm::SmallSetVector<Operation *, 4> goOn(without.takers.begin(), without.takers.end());
    for (Operation *taker : without.takers)
      goOn.insert(taker->user_begin(), taker->user_end());
    without.takers = goOn.takeVector();
    const auto isAsked = [&](Operation *op) { return isNamed(op); };
    bool withdraws = llvm::any_of(without.fresh, isAsked) || llvm::any_of(without.takers, isAsked);
    if (!withdraws && mayPrice)
      withdraws = areSumsDearer(unit, takers, without);
    erase(without.takers);
    erase(without.fresh);
    return withdraws;
  }

  /// Whether a unit and those who go on from its sums cost more than what stands without.
  bool areSumsDearer(Operation *unit, ArrayRef<Operation *> takers, const Without &without) const {
    Operations with = {unit}, others = without.fresh;
    llvm::append_range(with, takers);
    llvm::append_range(others, without.takers);
    if (const std::optional<bool> clear = prices.isClearlyMore(with, others))
      return *clear;
    double arrays = 0;
    const double together = prices.costOfCopy(unit, &arrays) + prices.costOfCopies(takers),
                 alone = prices.costOfCopies(without.takers);
    // The arrays have the same work without, and the DRAM has to move at least what is left.
    const double least = std::max(arrays, prices.leastDramCycles(without.fresh));
    return together > alone + least && together > alone + prices.costOfCopies(without.fresh);
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
  /// the DRAM takes for their values, and the product has the same work for the arrays; mostly that decides
  /// it. `best` is the variant of the unit that costs so much together.
  bool isDearer(Operation *unit, ArrayAttr stored, Operation *best, double together) {
    const double arrays = prices.busy(best, schedule::Engine::Matrix);
    if (arrays > Prices::kBusy * together)
      return false;
    const auto costLess = [&](Operations ops) {
      std::stable_partition(ops.begin(), ops.end(), [](Operation *op) { return !hasProduct(op); });
      SmallVector<double> floors;
      for (Operation *op : ops)
        floors.push_back(std::max(hasProduct(op) ? arrays : 0, prices.leastDramCycles(op)));
      return prices.isMore(together, ops, floors);
    };
    SmallVector<Value> results;
    Operations alone = nn::copiesOf(unit, stored, &results);
    const bool isDearer = costLess(alone) || (joinRest(alone, results) && costLess(alone));
    erase(alone);
    return isDearer;
  }
  static bool hasProduct(Operation *op) {
    Block *body = nn::bodyOf(op);
    return body ? llvm::any_of(*body, [](Operation &inner) { return isProduct(&inner); }) : isProduct(op);
  }

  Solver &solver;
  const Prices prices;
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
