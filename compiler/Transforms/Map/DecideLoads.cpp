// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See DecideLoads.h. A value is made once or by all who read it: one of the two would not save its storing.
#include "compiler/Transforms/Map/DecideLoads.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Transforms/Map/Prices.h"
#include "compiler/Transforms/Map/Repeated.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace mlir;

namespace arsis::compiler {

namespace {

class Decider {
public:
  Decider(Solver &solver, const ScheduleFile &file) : prices(solver), file(file) {}

  LogicalResult decideAll(Block &block) {
    for (bool again = true; again;) {
      again = false;
      llvm::SmallPtrSet<Operation *, 16> gone; // units that read now what they had made
      for (const Repeated &repeated : repeatedIn(block)) {
        if (llvm::any_of(repeated.loads, [&](const Load &load) { return gone.contains(load.unit); })) {
          again = true;
          continue;
        }
        std::string key = repeated.key; // of addresses, which others may have later on
        for (const Load &load : repeated.loads)
          key += scheduleKey(load.unit);
        if (!decided.insert(key).second)
          continue;
        bool isDearer = false;
        if (failed(reported(repeated.loads.front().unit, [&] { // errors of a strategy from outside
              isDearer = isMadeOnce(repeated);
              return success();
            })))
          return failure();
        if (!isDearer)
          continue;
        for (const Load &load : repeated.loads)
          gone.insert(load.unit);
        makeOnceForGood(repeated);
      }
    }
    return success();
  }

  LogicalResult decideGradients(Block &block) {
    SmallVector<Operation *> units;
    for (Operation &op : block)
      if (hasBothGradients(&op))
        units.push_back(&op);
    for (Operation *unit : units)
      if (failed(reported(unit, [&] {
            if (areApart(unit))
              splitGradients(unit);
            return success();
          })))
        return failure();
    return success();
  }

private:
  bool areApart(Operation *unit) {
    if (file.has(scheduleKey(unit)) || cast<nn::ScheduledOpInterface>(unit).getScheduleAttr())
      return false;
    const SmallVector<Operation *, 2> parts = splitGradients(OpBuilder(unit).clone(*unit));
    bool apart = llvm::any_of(parts, [&](Operation *op) { return isNamed(op); });
    if (const auto clear = apart ? true : prices.isClearlyMore(unit, parts)) {
      apart = *clear;
    } else {
      const double together = prices.costOfCopy(unit);
      apart = std::isinf(together) ||
              prices.isMore(together, parts,
                            {prices.leastDramCycles(parts.front()), prices.leastDramCycles(parts.back())});
    }
    erase(parts);
    return apart;
  }

  bool isNamed(Operation *op) const {
    Block *body = nn::bodyOf(op);
    return file.has(scheduleKey(op)) ||
           (body && llvm::any_of(body->without_terminator(),
                                 [&](Operation &inner) { return file.has(scheduleKey(&inner)); }));
  }

  /// Whether what an operation is a part of is.
  bool isWholeNamed(Operation *op) const {
    std::string key = scheduleKey(op);
    key.resize(key.size() - nn::titleOf(op).size());
    return file.has(key + nn::wholeOf(op).str());
  }

  /// Whether a pin or schedule asks for it, or it costs less.
  bool isMadeOnce(const Repeated &repeated) {
    SmallVector<Load> copies;
    bool isMapped = false;
    for (const Load &load : repeated.loads) {
      isMapped |=
          file.has(scheduleKey(load.unit)) || cast<nn::ScheduledOpInterface>(load.unit).getScheduleAttr();
      copies.push_back({OpBuilder(load.unit).clone(*load.unit), load.chain});
    }
    MadeOnce once = makeOnce(copies);
    bool isAsked = llvm::any_of(once.makers, [&](Operation *op) { return isNamed(op) || isWholeNamed(op); });
    SmallVector<Operation *> statistics;
    for (Operation *&maker : once.makers)
      if (Operation *of = nn::statisticsOf(maker)) {
        statistics.push_back(of);
        maker = nn::joinStatistics(maker, /*isCopy=*/true);
      }
    if (once.makers.size() > 1)
      once.makers.assign({nn::formUnit(once.makers, originOf(once.makers),
                                       SmallVector<Value>(once.makers.back()->getResults()))});
    SmallVector<Operation *> all = once.makers;
    llvm::append_range(all, once.readers);
    isAsked |= llvm::any_of(all, [&](Operation *op) { return isNamed(op); });
    const bool costsLess = !isMapped && !isAsked && repeatingIsDearer(repeated, statistics, all);
    erase(all);
    return !isMapped && (isAsked || costsLess);
  }

  /// `once`: who makes it, then all who read it; the statistics join who makes it then. They keep the arrays
  /// busy for as long, and the DRAM moves what they read and write at least, and one whose arrays are hardly
  /// ever idle would gain nothing; mostly that decides it.
  bool repeatingIsDearer(const Repeated &repeated, ArrayRef<Operation *> statistics,
                         ArrayRef<Operation *> once) {
    SmallVector<Operation *> repeaters(statistics);
    llvm::append_range(repeaters,
                       llvm::map_range(repeated.loads, [](const Load &load) { return load.unit; }));
    if (const std::optional<bool> clear = prices.isClearlyMore(repeaters, once))
      return *clear;
    double repeating = prices.costOfCopies(statistics);
    SmallVector<double> floors = {prices.leastDramCycles(once.front())};
    for (auto [load, reader] : llvm::zip_equal(repeated.loads, once.drop_front())) {
      double arrays = 0;
      const double cost = prices.costOfCopy(load.unit, &arrays);
      repeating += cost;
      floors.push_back(arrays > Prices::kBusy * cost ? cost
                                                     : std::max(arrays, prices.leastDramCycles(reader)));
    }
    return prices.isMore(repeating, once, floors);
  }

  void makeOnceForGood(const Repeated &repeated) {
    MadeOnce once = makeOnce(repeated.loads);
    for (Operation *&maker : once.makers)
      if (Operation *norm = nn::joinStatistics(maker)) {
        maker = norm;
        nn::offerStored(norm, once.makers.back()->getResult(0));
      }
    if (once.makers.size() > 1)
      nn::formUnit(once.makers, originOf(once.makers));
  }

  const Prices prices;
  const ScheduleFile &file;
  llvm::StringSet<> decided; // keys
};

} // namespace

LogicalResult decideGradients(ModuleOp module, Solver &solver, const ScheduleFile &file) {
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isExternal() && failed(Decider(solver, file).decideGradients(function.getBody().front())))
      return failure();
  return success();
}

LogicalResult decideLoads(ModuleOp module, Solver &solver, const ScheduleFile &file) {
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isExternal() && failed(Decider(solver, file).decideAll(function.getBody().front())))
      return failure();
  return success();
}

} // namespace arsis::compiler
