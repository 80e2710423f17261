// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers max and average pooling with their gradients.
#include "runtime/cpu/AvgPool.h"
#include "runtime/cpu/MaxPool.h"

namespace arsis::ref {

template <class T> static void callMaxPool(KernelCall &call) {
  call.expect(1, 1);
  maxPool<T>(poolWindowOf(call, call.operandShape(0), call.resultShape(0)), call.operands[0]->as<T>(),
             call.results[0].as<T>());
}

template <class T> static void callMaxPoolGrad(KernelCall &call) {
  call.expect(2, 1);
  const Window2d g = poolWindowOf(call, call.resultShape(0), call.operandShape(1));
  maxPoolGrad<T>(g, call.operandOfShape<T>(0, call.resultShape(0)), call.operands[1]->as<T>(),
                 call.results[0].as<T>());
}

template <class T> static void callAvgPool(KernelCall &call) {
  call.expect(1, 1);
  avgPool<T>(poolWindowOf(call, call.operandShape(0), call.resultShape(0)),
             call.attribute<bool>("count_include_pad"), call.operands[0]->as<T>(), call.results[0].as<T>());
}

template <class T> static void callAvgPoolGrad(KernelCall &call) {
  call.expect(1, 1);
  avgPoolGrad<T>(poolWindowOf(call, call.resultShape(0), call.operandShape(0)),
                 call.attribute<bool>("count_include_pad"), call.operands[0]->as<T>(),
                 call.results[0].as<T>());
}

void registerPooling(KernelRegistry &registry) {
  registry.add("nn.max_pool", callMaxPool<float>, callMaxPool<double>);
  registry.add("nn.max_pool_grad", callMaxPoolGrad<float>, callMaxPoolGrad<double>);
  registry.add("nn.avg_pool", callAvgPool<float>, callAvgPool<double>);
  registry.add("nn.avg_pool_grad", callAvgPoolGrad<float>, callAvgPoolGrad<double>);
}

} // namespace arsis::ref
