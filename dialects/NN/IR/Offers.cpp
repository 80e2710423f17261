// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Offers.h.

#include "dialects/NN/IR/Offers.h"

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/UnitOps.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace arsis::nn;

Value arsis::nn::storedInsteadOf(Operation *op) {
  auto apply = dyn_cast<BatchNormApplyOp>(op);
  auto asksForTheSign = [](OpOperand &use) {
    auto grad = dyn_cast<ReluGradOp>(use.getOwner());
    return grad && grad.getGy() != use.get();
  };
  return apply && llvm::all_of(apply.getY().getUses(), asksForTheSign) ? apply.getStored() : Value();
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

static void withdrawGradientSums(BatchNormGradSumsOp sums, SmallVectorImpl<Operation *> &takers) {
  const llvm::SmallSetVector<Operation *, 4> readers(sums.getGscale().user_begin(),
                                                     sums.getGscale().user_end());
  for (Operation *reader : readers) {
    auto apply = dyn_cast<BatchNormGradApplyOp>(reader);
    if (!apply || apply.getGscale() != sums.getGscale() || apply.getGbias() != sums.getGbias())
      continue;
    OpBuilder builder(apply);
    const Type vector = sums.getGscale().getType();
    auto whole = BatchNormGradOp::create(builder, apply.getLoc(), apply.getGx().getType(), vector, vector,
                                         apply.getGy(), apply.getX(), apply.getScale(), apply.getMean(),
                                         apply.getRstd(), ScheduleAttr(), PlanAttr());
    apply.replaceAllUsesWith(whole.getGx());
    apply.erase();
    sums->replaceAllUsesWith(ValueRange{whole.getGscale(), whole.getGbias()});
    takers.push_back(whole);
    return;
  }
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
