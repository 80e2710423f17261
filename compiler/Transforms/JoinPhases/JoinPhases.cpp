// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves updates up to their gradients and takes the boundary out.

#include "compiler/Transforms/JoinPhases/JoinPhases.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_JOINPHASES
#include "compiler/Transforms/JoinPhases/JoinPhases.h.inc"

/// Whether nothing sits at the boundary.
static bool isReadByUpdatesOnly(nn::PhaseBoundaryOpInterface boundary) {
  return llvm::all_of(boundary->getUses(), [](const OpOperand &use) {
    auto update = dyn_cast<nn::UpdateOpInterface>(use.getOwner());
    return update && update.getGradient() == use.get();
  });
}

/// The last operation that must come before the update: it computes an operand, or reads a value that the
/// update replaces. Null if there is none.
static Operation *lastBefore(Operation *update, nn::PhaseBoundaryOpInterface boundary) {
  Operation *last = nullptr;
  auto wait = [&](Operation *op) {
    if (op && op != update && !op->hasTrait<OpTrait::IsTerminator>() && (!last || last->isBeforeInBlock(op)))
      last = op;
  };
  for (Value operand : update->getOperands())
    wait(operand.getDefiningOp() == boundary ? boundary.getHandedOn(cast<OpResult>(operand)).getDefiningOp()
                                             : operand.getDefiningOp());
  if (auto stateful = dyn_cast<nn::StatefulOpInterface>(update))
    for (auto [operand, result] : stateful.getStateUpdates())
      for (Operation *reader : update->getOperand(operand).getUsers())
        wait(reader);
  return last;
}

static void join(nn::PhaseBoundaryOpInterface boundary) {
  if (isReadByUpdatesOnly(boundary)) {
    SmallVector<Operation *> updates(boundary->getUsers());
    llvm::sort(updates, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *update : updates)
      if (Operation *last = lastBefore(update, boundary); last && last->isBeforeInBlock(update))
        update->moveAfter(last);
  }
  for (OpResult result : boundary->getResults())
    result.replaceAllUsesWith(boundary.getHandedOn(result));
  boundary->erase();
}

void joinPhases(func::FuncOp step) {
  for (auto boundary :
       llvm::make_early_inc_range(step.getBody().front().getOps<nn::PhaseBoundaryOpInterface>()))
    join(boundary);
}

namespace {
struct JoinPhases : impl::JoinPhasesBase<JoinPhases> {
  using JoinPhasesBase::JoinPhasesBase;
  void runOnOperation() override {
    if (!getOperation().isExternal())
      joinPhases(getOperation());
  }
};
} // namespace

} // namespace arsis::compiler
