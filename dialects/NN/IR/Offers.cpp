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
  const llvm::SmallSetVector<Operation *, 4> readers(value.user_begin(), value.user_end());
  for (Operation *reader : readers) {
    if (auto norm = dyn_cast<BatchNormOp>(reader); norm && norm.getSum() == value)
      norm.getSumMutable().clear();
    auto unit = dyn_cast<UnitOp>(reader);
    if (!unit)
      continue;
    Block &body = unit.getBody().front();
    for (auto norm : body.getOps<BatchNormOp>())
      if (auto argument = dyn_cast_or_null<BlockArgument>(norm.getSum());
          argument && unit.getInputs()[argument.getArgNumber()] == value)
        norm.getSumMutable().clear();
    eraseUnread(unit);
  }
  if (!value.use_empty())
    return false;
  sum->erase();
  return true;
}
