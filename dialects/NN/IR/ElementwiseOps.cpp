// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the elementwise operations and of the optimizer's update.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"

using namespace mlir;
using namespace arsis::nn;

LogicalResult BiasAddOp::verify() {
  if (shapeOf(getX()).back() != shapeOf(getBias())[0])
    return violates(*this, "bias_add_c1", "a bias of " + Twine(shapeOf(getX()).back()) + " elements",
                    Twine(shapeOf(getBias())[0]));
  return success();
}

LogicalResult SgdOp::verify() {
  bool hasMomentum = !getMomentum().isZero();
  if (hasMomentum != bool(getVelocity()) || hasMomentum != bool(getNewVelocity()))
    return violates(*this, "sgd_c1",
                    hasMomentum ? "velocity as operand and result with momentum"
                                : "no velocity without momentum",
                    Twine(getVelocity() ? "one" : "no") + " operand and " + (getNewVelocity() ? "one" : "no") +
                        " result");
  if (hasMomentum && (getVelocity().getType() != getParam().getType() ||
                      getNewVelocity().getType() != getParam().getType()))
    return violates(*this, "sgd_c2", "velocity to have the type of the parameter", "another type");
  for (const APFloat &value : {getMomentum(), getWeightDecay()})
    if (!value.isFinite() || (value.isNegative() && !value.isZero()))
      return violates(*this, "sgd_c3", "momentum and weight decay to be finite and not negative",
                      std::to_string(value.convertToDouble()));
  return success();
}
