// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers what only moves elements: reshape, transpose, constant, gradients. Copies keep every bit, NaNs
// included.
#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"

namespace arsis::ref {

static void deliver(KernelCall &call, HostTensor value) {
  if (value.shape() != call.resultShape(0))
    throw Error("'" + call.op + "' makes a tensor " + toString(value.shape()) + ", but its result is " +
                toString(call.resultShape(0)));
  call.results[0] = std::move(value);
}

static void callReshape(KernelCall &call) {
  call.expect(1, 1);
  deliver(call, call.operands[0]->reshaped(call.resultShape(0)));
}

static void callTranspose(KernelCall &call) {
  call.expect(1, 1);
  deliver(call, call.operands[0]->permuted(call.attribute<std::vector<int64_t>>("permutation")));
}

static void callConstant(KernelCall &call) {
  call.expect(0, 1);
  deliver(call, call.attribute<HostTensor>("value").converted(call.results[0].type()));
}

static void callGradients(KernelCall &call) {
  call.expect(call.operands.size(), call.operands.size());
  for (size_t i = 0; i < call.operands.size(); ++i) {
    if (call.operandShape(i) != call.resultShape(i))
      throw Error("result " + std::to_string(i) + " of '" + call.op + "' is " +
                  toString(call.resultShape(i)) + ", expected " + toString(call.operandShape(i)));
    call.results[i] = *call.operands[i];
  }
}

void registerDataMovement(KernelRegistry &registry) {
  registry.add("nn.reshape", callReshape, callReshape);
  registry.add("nn.transpose", callTranspose, callTranspose);
  registry.add("nn.constant", callConstant, callConstant);
  registry.add("nn.gradients", callGradients, callGradients);
}

} // namespace arsis::ref
