// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Offers.h.

#include "dialects/NN/IR/Offers.h"

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/UnitOps.h"

using namespace mlir;
using namespace arsis::nn;

Value arsis::nn::storedInsteadOf(Operation *op) {
  auto apply = dyn_cast<BatchNormApplyOp>(op);
  return apply ? apply.getStored() : Value();
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

SmallVector<std::pair<Operation *, Operation *>> arsis::nn::offerSums(Block &block) {
  SmallVector<std::pair<Operation *, Operation *>> pairs;
  for (auto norm : block.getOps<BatchNormOp>()) {
    auto convolution = norm.getX().getDefiningOp<Conv2dOp>();
    if (!convolution || norm.getSum() || norm.getPlanAttr())
      continue;
    auto known = llvm::find_if(pairs, [&](auto pair) { return pair.first == convolution; });
    if (known != pairs.end()) {
      norm.getSumMutable().assign(known->second->getResult(0));
      continue;
    }
    OpBuilder builder(convolution->getContext());
    builder.setInsertionPointAfter(convolution);
    auto type = cast<RankedTensorType>(norm.getMean().getType());
    auto sum = ChannelSumOp::create(builder, norm.getLoc(), type, norm.getX(), ScheduleAttr(), PlanAttr());
    norm.getSumMutable().assign(sum);
    pairs.push_back({convolution.getOperation(), sum.getOperation()});
  }
  return pairs;
}

bool arsis::nn::withdrawSum(Operation *sum) {
  if (!isa<ChannelSumOp>(sum))
    return false;
  const Value value = sum->getResult(0);
  auto isSumOfNorm = [](OpOperand &use) {
    auto norm = dyn_cast<BatchNormOp>(use.getOwner());
    return norm && norm.getSum() == use.get();
  };
  for (OpOperand &use : llvm::make_early_inc_range(value.getUses())) {
    if (isSumOfNorm(use)) {
      cast<BatchNormOp>(use.getOwner()).getSumMutable().clear();
    } else if (auto unit = dyn_cast<UnitOp>(use.getOwner())) {
      BlockArgument argument = unit.getBody().front().getArgument(use.getOperandNumber());
      for (OpOperand &inner : llvm::make_early_inc_range(argument.getUses()))
        if (isSumOfNorm(inner))
          cast<BatchNormOp>(inner.getOwner()).getSumMutable().clear();
      eraseUnread(unit);
    }
  }
  if (!value.use_empty())
    return false;
  sum->erase();
  return true;
}
