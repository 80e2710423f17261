// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The dialect: what its operations compute, and the gradient rule, attached as somebody would to an operation
// that is not his own.
#include "Activation.h"

#include "dialects/NN/IR/Brought.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using arsis::numerics::VectorFunction;

#include "ActivationDialect.h.inc"

#define GET_OP_CLASSES
#include "ActivationOps.h.inc"

#include "ActivationDialect.cpp.inc"

#define GET_OP_CLASSES
#include "ActivationOps.cpp.inc"

namespace activation {

void ActivationDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ActivationOps.cpp.inc"
      >();
}

std::vector<arsis::nn::Step> SquaredReluOp::getVectorSteps() {
  return {{VectorFunction::Relu, {0}}, {VectorFunction::Multiply, {~0, ~0}}};
}
std::vector<arsis::nn::Step> SquaredReluGradOp::getVectorSteps() {
  enum Operand { GY, X };
  return {
      {VectorFunction::Relu, {X}}, {VectorFunction::Scale, {~0}, 2}, {VectorFunction::Multiply, {GY, ~1}}};
}
std::vector<arsis::nn::Step> HalfOp::getVectorSteps() { return {{VectorFunction::Scale, {0}, 0.5}}; }

namespace {

struct SquaredReluRule : arsis::nn::DifferentiableOpInterface::ExternalModel<SquaredReluRule, SquaredReluOp> {
  LogicalResult buildVJP(Operation *op, OpBuilder &builder, ValueRange resultGrads,
                         ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) const {
    operandGrads.assign(1, Value());
    Value x = op->getOperand(0);
    if (operandNeedsGrad[0])
      operandGrads[0] = SquaredReluGradOp::create(
          builder, arsis::nn::withPhase(op->getLoc(), arsis::nn::phase::kBackwardInput), x.getType(),
          resultGrads[0], x, nullptr);
    return success();
  }
};

} // namespace

void bringDialect(arsis::isa::Brought &brought) {
  brought.add(arsis::nn::BroughtDialects{[](DialectRegistry &registry) {
    registry.insert<ActivationDialect>();
    registry.addExtension(+[](MLIRContext *context, ActivationDialect *) {
      SquaredReluOp::attachInterface<SquaredReluRule>(*context);
    });
  }});
}

} // namespace activation
