// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clones the forward function and appends the loss.

#include "compiler/Transforms/AttachLoss/AttachLoss.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Transforms/AttachLoss/LossTerms.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_ATTACHLOSS
#include "compiler/Transforms/AttachLoss/AttachLoss.h.inc"

/// What distinguishes the tensors and operations of one of several terms: its output, and its kind where
/// others read this output too.
static std::string suffixOf(ArrayRef<LossTerm> terms, size_t number) {
  if (terms.size() == 1)
    return "";
  const LossTerm &term = terms[number];
  const bool isAlone =
      llvm::count_if(terms, [&](const LossTerm &other) { return other.output == term.output; }) == 1;
  return ":" + term.output + (isAlone ? "" : ":" + std::string(nameOf(term.kind)));
}

/// The sum of the terms, and for several of them each by itself.
static FailureOr<SmallVector<Value>> emit(func::FuncOp step, ArrayRef<LossTerm> terms,
                                          ArrayRef<unsigned> outputs, LossTerms &emitter) {
  SmallVector<Value> losses = {Value()};
  for (auto [number, term] : llvm::enumerate(terms)) {
    FailureOr<Value> loss = emitter.add(term, outputs[number], suffixOf(terms, number));
    if (failed(loss))
      return failure();
    if (terms.size() > 1)
      losses.push_back(*loss);
    OpBuilder builder(getReturn(step));
    const Location loc = nn::makeOrigin(step.getContext(), "loss", nn::phase::kLoss);
    losses[0] =
        losses[0]
            ? Value(nn::AddOp::create(builder, loc, loss->getType(), losses[0], *loss, nullptr, nullptr))
            : *loss;
  }
  return losses;
}

/// A softmax in front of a loss that contains one computes another loss. That of a logarithm is the same.
static LogicalResult refuseSoftmax(Value logits) {
  while (auto view = logits.getDefiningOp<nn::ViewOpInterface>())
    logits = view.getViewed();
  auto softmax = logits.getDefiningOp<nn::SoftmaxOp>();
  return softmax ? ofKind(ErrorKind::Model, softmax.emitError())
                       << "is a softmax in front of the loss, which contains one; export the model with its "
                          "logits as output"
                 : success();
}

FailureOr<func::FuncOp> attachLoss(ModuleOp module, StringRef loss, StringRef logits) {
  auto forward = module.lookupSymbol<func::FuncOp>(kForwardFunction);
  if (!forward || forward.isExternal() || !forward.getBody().hasOneBlock())
    return module.emitError() << "expects a function @" << kForwardFunction << " of one block, found none";
  if (module.lookupSymbol(kTrainFunction))
    return module.emitError() << "expects no @" << kTrainFunction << " yet, found one";
  const std::vector<LossTerm> terms = parseLoss(loss.str(), logits.str());
  SmallVector<unsigned> outputs;
  for (const LossTerm &term : terms) {
    FailureOr<unsigned> output = findOutput(forward, term);
    if (failed(output) ||
        (term.kind == LossKind::SoftmaxCrossEntropy &&
         failed(refuseSoftmax(forward.getBody().front().getTerminator()->getOperand(*output)))))
      return failure();
    outputs.push_back(*output);
  }

  OpBuilder builder(module.getContext());
  builder.setInsertionPointAfter(forward);
  func::FuncOp step = forward.clone();
  step.setName(kTrainFunction);
  builder.insert(step);

  TensorNames names(step);
  unsigned behindOutputs = 0;
  for (unsigned result = 0; result < step.getNumResults(); ++result)
    if (!step.getResultAttr(result, nn::kDonates)) { // else it is state
      step.setResultAttr(result, nn::kRole, nn::RoleAttr::get(builder.getContext(), nn::Role::Output));
      behindOutputs = result + 1;
    }
  LossTerms emitter(step, names);
  FailureOr<SmallVector<Value>> losses = emit(step, terms, outputs, emitter);
  if (failed(losses))
    return failure();
  SmallVector<NewTensor> each;
  for (auto [number, value] : llvm::enumerate(ArrayRef(*losses).drop_front()))
    each.push_back(
        {value.getType(), names.claim("loss" + suffixOf(terms, number)), nn::Role::Output, {}, value});
  insertResults(step, behindOutputs, each);
  insertResults(
      step, 0,
      NewTensor{losses->front().getType(), names.claim("loss"), nn::Role::Loss, {}, losses->front()});
  const StringRef first = resultText(forward, outputs.front(), nn::kName);
  emitter.checks.insert({{"mode", "train"}, {"loss", loss.str()}, {"loss.output", first.str()}});
  if (!logits.empty())
    emitter.checks.emplace("logits", logits);
  if (failed(setOptions(step, emitter.checks)))
    return failure();
  return step;
}

namespace {
struct AttachLoss : impl::AttachLossBase<AttachLoss> {
  using AttachLossBase::AttachLossBase;
  void runOnOperation() override {
    if (failed(reported(getOperation(),
                        [&] { return success(succeeded(attachLoss(getOperation(), loss, logits))); })))
      return signalPassFailure();
    if (replace)
      getOperation().lookupSymbol(kForwardFunction)->erase();
  }
};
} // namespace

} // namespace arsis::compiler
