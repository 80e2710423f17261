// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Returns the last value of every layer of the forward phase.

#include "compiler/Transforms/KeepActivations/KeepActivations.h"

#include "compiler/Transforms/TrainStep/Signature.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_KEEPACTIVATIONS
#include "compiler/Transforms/KeepActivations/KeepActivations.h.inc"

unsigned keepActivations(func::FuncOp function) {
  llvm::MapVector<StringRef, Value> lastOfLayer;
  for (Operation &op : function.getBody().front().without_terminator()) {
    auto [layer, phase] = nn::getOrigin(op.getLoc());
    if (phase == nn::phase::kForward && op.getNumResults() > 0)
      lastOfLayer[layer] = op.getResult(0);
  }
  DenseSet<Value> returned;
  returned.insert(getReturn(function)->operand_begin(), getReturn(function)->operand_end());
  TensorNames names(function);
  SmallVector<NewTensor> kept;
  for (auto [layer, value] : lastOfLayer)
    if (returned.insert(value).second)
      kept.push_back({value.getType(), names.claim(("act:" + layer).str()), "activation", {}, value});
  insertResults(function, function.getNumResults(), kept);
  return kept.size();
}

namespace {
struct KeepActivations : impl::KeepActivationsBase<KeepActivations> {
  using KeepActivationsBase::KeepActivationsBase;
  void runOnOperation() override {
    if (!getOperation().isExternal() && (function.empty() || function == getOperation().getName()))
      numKept += keepActivations(getOperation());
  }
};
} // namespace

} // namespace arsis::compiler
