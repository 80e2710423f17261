// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the loss and its gradient.

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
LogicalResult SoftmaxCrossEntropyGradOp::verify() { return verifyLabels(*this, getProbabilities(), getLabels()); }
