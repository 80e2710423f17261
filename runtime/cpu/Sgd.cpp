// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers stochastic gradient descent.
#include "runtime/cpu/Sgd.h"

#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"

namespace arsis::ref {

template <class T> static void callSgd(KernelCall &call) {
  const T momentum = static_cast<T>(call.attribute<double>("momentum"));
  const bool hasVelocity = call.operands.size() == 4;
  call.expect(hasVelocity ? 4 : 3, hasVelocity ? 2 : 1);
  if (hasVelocity != (momentum != T(0)))
    throw Error("'" + call.op + "' has " + (hasVelocity ? "a" : "no") + " velocity, but momentum " +
                std::to_string(momentum));
  const Shape &shape = call.operandShape(0);
  sgd<T>(call.operands[0]->size(), call.operands[0]->as<T>(), call.operandOfShape<T>(1, shape),
         *call.operandOfShape<T>(2, {}), hasVelocity ? call.operandOfShape<T>(3, shape) : nullptr, momentum,
         static_cast<T>(call.attribute<double>("weight_decay")), call.resultOfShape<T>(0, shape),
         hasVelocity ? call.resultOfShape<T>(1, shape) : nullptr);
}

void registerSgd(KernelRegistry &registry) { registry.add("nn.sgd", callSgd<float>, callSgd<double>); }

} // namespace arsis::ref
