// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Offers.h.

#include "dialects/NN/IR/Offers.h"

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/UnitOps.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace arsis::nn;

/// Whether all who read a value ask for its sign only.
static bool asksForTheSign(Value value) {
  return llvm::all_of(value.getUses(), [](OpOperand &use) {
    auto grad = dyn_cast<ReluGradOp>(use.getOwner());
    return grad && grad.getGy() != use.get();
  });
}

Value arsis::nn::storedInsteadOf(Operation *op) {
  auto apply = dyn_cast<BatchNormApplyOp>(op);
  return apply && asksForTheSign(apply.getY()) ? apply.getStored() : Value();
}

void arsis::nn::offerNormalisedAgain(Block &block) {
  for (auto grad : llvm::make_early_inc_range(block.getOps<ReluGradOp>())) {
    auto relu = grad.getY().getDefiningOp<ReluOp>();
    auto norm = relu ? relu.getX().getDefiningOp<BatchNormOp>() : BatchNormOp();
    auto readsInput = [&](Operation *op) {
      auto normGrad = dyn_cast<BatchNormGradOp>(op);
      return normGrad && normGrad.getX() == norm.getX();
    };
    if (!norm || !llvm::all_of(grad->getUsers(), readsInput))
      continue;
    OpBuilder builder(grad);
    grad.getYMutable().assign(BatchNormApplyOp::create(
        builder, grad.getLoc(), grad.getY().getType(), norm.getX(), norm.getScale(), norm.getBias(),
        norm.getMean(), norm.getRstd(), grad.getY(), ScheduleAttr()));
  }
}

void arsis::nn::withdrawNormalisedAgain(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block))
    if (Value instead = storedInsteadOf(&op)) {
      op.replaceAllUsesWith(ValueRange(instead));
      op.erase();
    }
}

static void eraseUnread(UnitOp unit) {
  Block &body = unit.getBody().front();
  for (unsigned i = body.getNumArguments(); i-- > 0;)
    if (body.getArgument(i).use_empty()) {
      body.eraseArgument(i);
      unit->eraseOperand(i);
    }
}

/// The arguments of a unit's body that are this value.
static SmallVector<BlockArgument> argumentsOf(UnitOp unit, Value value) {
  SmallVector<BlockArgument> arguments;
  for (auto [input, argument] : llvm::zip_equal(unit.getInputs(), unit.getBody().front().getArguments()))
    if (input == value)
      arguments.push_back(argument);
  return arguments;
}

bool arsis::nn::isStoredIn(OpOperand &use) {
  auto apply = dyn_cast<BatchNormApplyOp>(use.getOwner());
  return apply && llvm::count(apply->getOperands(), use.get()) == 1 && apply.getStored() == use.get();
}

bool arsis::nn::readsAsStoredOnly(Operation *op, Value stored) {
  auto unit = dyn_cast<UnitOp>(op);
  return unit && llvm::all_of(argumentsOf(unit, stored), [](BlockArgument argument) {
           return llvm::all_of(argument.getUses(), isStoredIn);
         });
}

void arsis::nn::withdrawStored(Value stored) {
  const llvm::SmallSetVector<Operation *, 4> readers(stored.user_begin(), stored.user_end());
  for (Operation *reader : readers) {
    if (!readsAsStoredOnly(reader, stored))
      continue;
    for (BlockArgument argument : argumentsOf(cast<UnitOp>(reader), stored))
      for (OpOperand &use : llvm::make_early_inc_range(argument.getUses()))
        cast<BatchNormApplyOp>(use.getOwner()).getStoredMutable().clear();
    eraseUnread(cast<UnitOp>(reader));
  }
}

void arsis::nn::offerStored(Operation *op, Value stored) {
  auto norm = cast<BatchNormOfMomentsOp>(op);
  auto relu = stored.getDefiningOp<ReluOp>();
  if (!relu || relu.getX() != norm.getY())
    return;
  const llvm::SmallSetVector<Operation *, 4> readers(norm.getMean().user_begin(), norm.getMean().user_end());
  for (Operation *reader : readers)
    if (auto unit = dyn_cast<UnitOp>(reader))
      for (auto apply : unit.getBody().front().getOps<BatchNormApplyOp>()) {
        const auto isOf = [&](Value inner, Value outer) {
          return llvm::is_contained(argumentsOf(unit, outer), inner);
        };
        if (apply.getStored() || !isOf(apply.getMean(), norm.getMean()) || !isOf(apply.getX(), norm.getX()) ||
            !asksForTheSign(apply.getY()))
          continue;
        unit.getInputsMutable().append(stored);
        apply.getStoredMutable().assign(unit.getBody().addArgument(stored.getType(), stored.getLoc()));
      }
}

SmallVector<Operation *, 2> arsis::nn::variantsOf(Operation *unit) {
  if (llvm::none_of(*bodyOf(unit), [](Operation &op) { return bool(storedInsteadOf(&op)); }))
    return {};
  SmallVector<Operation *, 2> variants;
  for (bool stored : {false, true}) {
    auto variant = cast<UnitOp>(OpBuilder(unit).clone(*unit));
    for (Operation &inner : llvm::make_early_inc_range(variant.getBody().front()))
      if (Value instead = storedInsteadOf(&inner)) {
        if (stored) {
          inner.replaceAllUsesWith(ValueRange(instead));
          inner.erase();
        } else {
          cast<BatchNormApplyOp>(inner).getStoredMutable().clear();
        }
      }
    eraseUnread(variant);
    variants.push_back(variant);
  }
  return variants;
}

SmallVector<std::pair<Operation *, Operation *>> arsis::nn::offerMoments(Block &block) {
  SmallVector<std::pair<Operation *, Operation *>> pairs;
  for (auto norm : llvm::make_early_inc_range(block.getOps<BatchNormOp>())) {
    auto convolution = norm.getX().getDefiningOp<Conv2dOp>();
    if (!convolution || norm.getPlanAttr())
      continue;
    OpBuilder builder(norm);
    const Type type = norm.getMean().getType();
    auto known = llvm::find_if(pairs, [&](auto pair) { return pair.first == convolution; });
    if (known == pairs.end()) {
      auto moments = ChannelMomentsOp::create(builder, norm.getLoc(), type, type, type, norm.getX(),
                                              ScheduleAttr(), PlanAttr());
      moments->moveAfter(convolution);
      pairs.push_back({convolution.getOperation(), moments.getOperation()});
      known = std::prev(pairs.end());
    }
    auto moments = cast<ChannelMomentsOp>(known->second);
    auto fromThem = BatchNormOfMomentsOp::create(
        builder, norm.getLoc(), norm.getY().getType(), type, type, type, type, norm.getX(), norm.getScale(),
        norm.getBias(), norm.getRunningMean(), norm.getRunningVar(), moments.getFirst(), moments.getSum(),
        moments.getSquares(), norm.getEpsilonAttr(), norm.getMomentumAttr(), ScheduleAttr());
    norm->replaceAllUsesWith(fromThem->getResults());
    norm.erase();
  }
  return pairs;
}

bool arsis::nn::isNormOfMoments(Operation *op) { return isa<BatchNormOfMomentsOp>(op); }

Operation *arsis::nn::splitStatistics(Operation *op) {
  auto norm = dyn_cast<BatchNormOfMomentsOp>(op);
  if (!norm || norm.getScheduleAttr())
    return nullptr;
  OpBuilder builder(norm);
  const Type type = norm.getMean().getType();
  const auto pixels = cast<RankedTensorType>(norm.getX().getType()).getNumElements() /
                      cast<RankedTensorType>(type).getNumElements();
  auto statistics = BatchNormStatisticsOp::create(
      builder, norm.getLoc(), type, type, type, type, norm.getRunningMean(), norm.getRunningVar(),
      norm.getFirst(), norm.getSum(), norm.getSquares(), builder.getI64IntegerAttr(pixels),
      builder.getI64IntegerAttr(firstPixels(norm.getX())), norm.getEpsilonAttr(), norm.getMomentumAttr(),
      ScheduleAttr());
  auto apply = BatchNormApplyOp::create(builder, norm.getLoc(), norm.getY().getType(), norm.getX(),
                                        norm.getScale(), norm.getBias(), statistics.getMean(),
                                        statistics.getRstd(), Value(), ScheduleAttr());
  SmallVector<Value> results = {apply.getY()};
  llvm::append_range(results, statistics->getResults());
  norm->replaceAllUsesWith(results);
  norm.erase();
  return apply;
}

StringRef arsis::nn::wholeOf(Operation *op) {
  if (isa<BatchNormStatisticsOp, BatchNormOfMomentsOp, BatchNormApplyOp>(op))
    return OperationName(BatchNormOp::getOperationName(), op->getContext()).stripDialect();
  if (isa<BatchNormGradSumsOp, BatchNormGradApplyOp>(op))
    return OperationName(BatchNormGradOp::getOperationName(), op->getContext()).stripDialect();
  return op->getName().stripDialect();
}

Operation *arsis::nn::statisticsOf(Operation *op) {
  auto apply = dyn_cast<BatchNormApplyOp>(op);
  auto statistics = apply ? apply.getMean().getDefiningOp<BatchNormStatisticsOp>() : BatchNormStatisticsOp();
  return statistics && !apply.getStored() && apply.getRstd() == statistics.getRstd()
             ? statistics.getOperation()
             : nullptr;
}

Operation *arsis::nn::joinStatistics(Operation *op, bool isCopy) {
  auto apply = dyn_cast<BatchNormApplyOp>(op);
  auto statistics = dyn_cast_or_null<BatchNormStatisticsOp>(statisticsOf(op));
  const auto comesLater = [&](Operation *user) { return user == op || op->isBeforeInBlock(user); };
  if (!statistics || (!isCopy && !llvm::all_of(statistics->getUsers(), comesLater)))
    return nullptr;
  OpBuilder builder(apply);
  const Type type = apply.getMean().getType();
  auto norm = BatchNormOfMomentsOp::create(
      builder, apply.getLoc(), apply.getY().getType(), type, type, type, type, apply.getX(), apply.getScale(),
      apply.getBias(), statistics.getRunningMean(), statistics.getRunningVar(), statistics.getFirst(),
      statistics.getSum(), statistics.getSquares(), statistics.getEpsilonAttr(), statistics.getMomentumAttr(),
      ScheduleAttr());
  apply.replaceAllUsesWith(norm.getY());
  apply.erase();
  if (isCopy)
    return norm;
  statistics->replaceAllUsesWith(norm->getResults().drop_front());
  statistics.erase();
  return norm;
}

Operation *arsis::nn::offerGradientSums(Operation *gradient) {
  auto whole = dyn_cast<BatchNormGradOp>(gradient);
  Operation *maker = whole && !whole.getPlanAttr() ? whole.getGy().getDefiningOp() : nullptr;
  const auto isThere = [&](Value value) {
    Operation *definer = value.getDefiningOp();
    return !definer || definer == maker || definer->isBeforeInBlock(maker);
  };
  if (!maker || !llvm::all_of(ValueRange{whole.getX(), whole.getMean(), whole.getRstd()}, isThere))
    return nullptr;
  OpBuilder builder(whole);
  const Type vector = whole.getGscale().getType();
  auto sums =
      BatchNormGradSumsOp::create(builder, whole.getLoc(), vector, vector, whole.getGy(), whole.getX(),
                                  whole.getMean(), whole.getRstd(), ScheduleAttr(), PlanAttr());
  auto apply = BatchNormGradApplyOp::create(builder, whole.getLoc(), whole.getGx().getType(), whole.getGy(),
                                            whole.getX(), whole.getScale(), whole.getMean(), whole.getRstd(),
                                            sums.getGscale(), sums.getGbias(), ScheduleAttr());
  whole->replaceAllUsesWith(ValueRange{apply.getGx(), sums.getGscale(), sums.getGbias()});
  whole.erase();
  sums->moveAfter(sums.getGy().getDefiningOp());
  return sums;
}

bool arsis::nn::isOffer(Operation *op) { return isa<ChannelMomentsOp, BatchNormGradSumsOp>(op); }

/// The norms inside of a unit that take this sum among their moments.
static SmallVector<BatchNormOfMomentsOp> normsOf(UnitOp unit, Value sum) {
  SmallVector<BatchNormOfMomentsOp> norms;
  for (auto norm : unit.getBody().front().getOps<BatchNormOfMomentsOp>())
    if (auto argument = dyn_cast<BlockArgument>(norm.getSum());
        argument && unit.getInputs()[argument.getArgNumber()] == sum)
      norms.push_back(norm);
  return norms;
}

static bool goesOnFrom(Operation *op, Value result) {
  if (auto apply = dyn_cast<BatchNormGradApplyOp>(op))
    return apply.getGscale() == result;
  if (auto norm = dyn_cast<BatchNormOfMomentsOp>(op))
    return norm.getSum() == result;
  auto unit = dyn_cast<UnitOp>(op);
  return unit && !normsOf(unit, result).empty();
}

SmallVector<Operation *> arsis::nn::takersOf(Operation *unit) {
  llvm::SmallSetVector<Operation *, 4> takers;
  for (auto [inner, outer] :
       llvm::zip_equal(bodyOf(unit)->getTerminator()->getOperands(), unit->getResults()))
    if (isOffer(inner.getDefiningOp()))
      for (Operation *user : outer.getUsers())
        if (goesOnFrom(user, outer))
          takers.insert(user);
  return takers.takeVector();
}

/// A norm that takes its statistics itself.
static Operation *sumItself(BatchNormOfMomentsOp norm) {
  OpBuilder builder(norm);
  const Type type = norm.getMean().getType();
  auto itself =
      BatchNormOp::create(builder, norm.getLoc(), norm.getY().getType(), type, type, type, type, norm.getX(),
                          norm.getScale(), norm.getBias(), norm.getRunningMean(), norm.getRunningVar(),
                          norm.getEpsilonAttr(), norm.getMomentumAttr(), ScheduleAttr(), PlanAttr());
  norm->replaceAllUsesWith(itself->getResults());
  norm.erase();
  return itself;
}

/// Of norms that read these moments, also inside of units.
static void withdrawMoments(ChannelMomentsOp moments, SmallVectorImpl<Operation *> &takers) {
  const llvm::SmallSetVector<Operation *, 4> readers(moments->user_begin(), moments->user_end());
  for (Operation *reader : readers) {
    if (auto norm = dyn_cast<BatchNormOfMomentsOp>(reader)) {
      takers.push_back(sumItself(norm));
      continue;
    }
    auto unit = dyn_cast<UnitOp>(reader);
    const auto norms = unit ? normsOf(unit, moments.getSum()) : SmallVector<BatchNormOfMomentsOp>();
    if (norms.empty())
      continue;
    llvm::for_each(norms, [](BatchNormOfMomentsOp norm) { sumItself(norm); });
    eraseUnread(unit);
    takers.push_back(unit);
  }
}

/// Has those who read an operation's results stand behind it, such as updates that stood behind an earlier
/// one.
static void putReadersBehind(Operation *op) {
  for (Operation *user : llvm::SmallSetVector<Operation *, 4>(op->user_begin(), op->user_end()))
    if (user->isBeforeInBlock(op)) {
      user->moveAfter(op);
      putReadersBehind(user);
    }
}

static void withdrawGradientSums(BatchNormGradSumsOp sums, SmallVectorImpl<Operation *> &takers) {
  BatchNormGradApplyOp first;
  for (Operation *reader : sums.getGscale().getUsers())
    if (auto apply = dyn_cast<BatchNormGradApplyOp>(reader); apply && apply.getGscale() == sums.getGscale() &&
                                                             apply.getGbias() == sums.getGbias() &&
                                                             (!first || apply->isBeforeInBlock(first)))
      first = apply;
  if (!first)
    return;
  OpBuilder builder(first);
  const Type vector = sums.getGscale().getType();
  auto whole = BatchNormGradOp::create(builder, first.getLoc(), first.getGx().getType(), vector, vector,
                                       first.getGy(), first.getX(), first.getScale(), first.getMean(),
                                       first.getRstd(), ScheduleAttr(), PlanAttr());
  first.replaceAllUsesWith(whole.getGx());
  first.erase();
  sums->replaceAllUsesWith(ValueRange{whole.getGscale(), whole.getGbias()});
  putReadersBehind(whole);
  takers.push_back(whole);
}

bool arsis::nn::withdrawOffer(Operation *op, SmallVectorImpl<Operation *> *takers) {
  SmallVector<Operation *> found;
  if (auto moments = dyn_cast<ChannelMomentsOp>(op))
    withdrawMoments(moments, found);
  else if (auto sums = dyn_cast<BatchNormGradSumsOp>(op))
    withdrawGradientSums(sums, found);
  if (takers)
    llvm::append_range(*takers, found);
  if (!isOffer(op) || !op->use_empty())
    return false;
  op->erase();
  return true;
}
