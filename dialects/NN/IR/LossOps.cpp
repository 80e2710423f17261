// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the loss and its gradient, and the rule of differentiation.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"

using namespace mlir;
using namespace arsis::nn;

static LogicalResult verifyLabels(Operation *op, Value rows, Value labels) {
  if (shapeOf(rows)[0] != shapeOf(labels)[0])
    return violates(op, "loss_c1", Twine(shapeOf(rows)[0]) + " labels", Twine(shapeOf(labels)[0]));
  return success();
}

LogicalResult SoftmaxCrossEntropyOp::verify() { return verifyLabels(*this, getLogits(), getLabels()); }
LogicalResult SoftmaxCrossEntropyGradOp::verify() {
  return verifyLabels(*this, getProbabilities(), getLabels());
}

SmallVector<ReductionDim> SoftmaxCrossEntropyOp::getReductionDims() {
  return {{"n", shapeOf(getLogits())[0]}};
}

LogicalResult SoftmaxCrossEntropyOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                              ArrayRef<bool> operandNeedsGrad,
                                              SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  if (resultGrads[1])
    return emitOpError()
           << "cannot pass on a gradient of its result 'probabilities', expected one of 'loss' only";
  if (operandNeedsGrad[0])
    operandGrads[0] = SoftmaxCrossEntropyGradOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                                        getLogits().getType(), getProbabilities(),
                                                        getLabels(), resultGrads[0], nullptr);
  return success();
}
