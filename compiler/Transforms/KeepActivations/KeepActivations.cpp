// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Returns the last value of every layer of the forward phase.

#include "compiler/Transforms/KeepActivations/KeepActivations.h"

#include "compiler/Record/Record.h"
#include "compiler/Transforms/TrainStep/Signature.h"
#include "dialects/NN/IR/StepTypes.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_KEEPACTIVATIONS
#include "compiler/Transforms/KeepActivations/KeepActivations.h.inc"

static LogicalResult remember(func::FuncOp function) {
  FailureOr<DictionaryAttr> options = optionsOf(function);
  if (failed(options))
    return failure();
  std::string kept = option(*options, "keep").value_or("");
  return setOptions(function, {{"keep", kept.empty() ? "activations" : kept + ",activations"}});
}

LogicalResult keepActivations(func::FuncOp function) {
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
  SmallVector<Attribute> leftOut;
  for (auto [layer, value] : lastOfLayer)
    if (returned.insert(value).second) {
      std::string name = names.claim(("act:" + layer).str());
      if (int64_t rank = cast<ShapedType>(value.getType()).getRank(); rank > nn::kMostDimensions) {
        value.getDefiningOp()->emitRemark() << "'" << name << "' is not kept: it has rank " << rank
                                            << ", a tensor of a program has at most " << nn::kMostDimensions;
        leftOut.push_back(StringAttr::get(function.getContext(), name));
      } else {
        kept.push_back({value.getType(), name, nn::Role::Activation, {}, value});
      }
    }
  if (!leftOut.empty())
    function->setAttr(nn::kNotObservable, ArrayAttr::get(function.getContext(), leftOut));
  insertResults(function, function.getNumResults(), kept);
  return remember(function);
}

namespace {
struct KeepActivations : impl::KeepActivationsBase<KeepActivations> {
  using KeepActivationsBase::KeepActivationsBase;
  void runOnOperation() override {
    if (getOperation().isExternal() || (!function.empty() && function != getOperation().getName()))
      return;
    if (failed(keepActivations(getOperation())))
      signalPassFailure();
  }
};
} // namespace

} // namespace arsis::compiler
