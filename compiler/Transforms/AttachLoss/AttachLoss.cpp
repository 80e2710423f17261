// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clones the forward function and appends the loss.

#include "compiler/Transforms/AttachLoss/AttachLoss.h"

#include "compiler/Transforms/TrainStep/Signature.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_ATTACHLOSS
#include "compiler/Transforms/AttachLoss/AttachLoss.h.inc"

// Results that replace an argument are state, not outputs of the model.
static bool isOutput(func::FuncOp function, unsigned result) {
  return !function.getResultAttr(result, nn::kDonates);
}

static FailureOr<unsigned> findLogits(func::FuncOp forward, StringRef name) {
  SmallVector<unsigned> outputs;
  for (unsigned result = 0; result < forward.getNumResults(); ++result)
    if (isOutput(forward, result))
      outputs.push_back(result);
  if (name.empty()) {
    if (outputs.size() == 1)
      return outputs.front();
    return forward.emitError() << "expects one output to attach the loss to, found " << outputs.size()
                               << "; name one with the option 'logits'";
  }
  for (unsigned result : outputs)
    if (resultText(forward, result, nn::kName) == name)
      return result;
  return forward.emitError() << "expects an output named '" << name << "' to attach the loss to, found none";
}

FailureOr<func::FuncOp> attachLoss(ModuleOp module, StringRef loss, StringRef logitsName) {
  auto forward = module.lookupSymbol<func::FuncOp>(kForwardFunction);
  if (!forward || forward.isExternal() || !forward.getBody().hasOneBlock())
    return module.emitError() << "expects a function @" << kForwardFunction << " of one block, found none";
  if (module.lookupSymbol(kTrainFunction))
    return module.emitError() << "expects no @" << kTrainFunction << " yet, found one";
  if (loss != "softmax-xent")
    return module.emitError() << "expects the loss to be one of: softmax-xent, found '" << loss << "'";
  FailureOr<unsigned> position = findLogits(forward, logitsName);
  if (failed(position))
    return failure();
  auto type = dyn_cast<RankedTensorType>(forward.getResultTypes()[*position]);
  if (!type || type.getRank() != 2 || !type.getElementType().isF32() || !type.hasStaticShape())
    return forward.emitError() << "expects the logits to be a static tensor of rank 2 of f32, found "
                               << forward.getResultTypes()[*position];
  if (findArgument(forward, "labels"))
    return forward.emitError() << "expects no argument named 'labels' yet, found one";

  OpBuilder builder(module.getContext());
  builder.setInsertionPointAfter(forward);
  func::FuncOp step = forward.clone();
  step.setName(kTrainFunction);
  builder.insert(step);

  BlockArgument labels = appendArgument(
      step, RankedTensorType::get({type.getDimSize(0)}, builder.getI32Type()), "labels", "label");
  for (unsigned result = 0; result < step.getNumResults(); ++result)
    if (isOutput(step, result))
      step.setResultAttr(result, nn::kRole, builder.getStringAttr("output"));
  func::ReturnOp terminator = getReturn(step);
  Value logits = terminator.getOperand(*position);
  builder.setInsertionPoint(terminator);
  Location loc = nn::makeOrigin(module.getContext(), "loss", nn::phase::kLoss);
  auto op = nn::SoftmaxCrossEntropyOp::create(builder, loc, RankedTensorType::get({}, builder.getF32Type()),
                                              type, logits, labels, nullptr, nullptr);
  insertResult(step, 0, op.getLoss(), "loss", "loss");
  return step;
}

namespace {
struct AttachLoss : impl::AttachLossBase<AttachLoss> {
  using AttachLossBase::AttachLossBase;
  void runOnOperation() override {
    if (failed(attachLoss(getOperation(), loss, logits)))
      signalPassFailure();
  }
};
} // namespace

} // namespace arsis::compiler
