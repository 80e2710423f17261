// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the cross entropy against targets, its gradient, and the sum over everything.
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/SoftmaxCrossEntropy.h"

namespace arsis::ref {

template <class T> static void callCrossEntropy(KernelCall &call) {
  call.expect(2, 3);
  const Shape &logits = call.operandShape(0);
  const int64_t rows = logits.at(0), classes = logits.at(1);
  crossEntropy<T>(rows, classes, call.operands[0]->as<T>(), call.operandOfShape<T>(1, logits),
                  call.resultOfShape<T>(0, {}), call.resultOfShape<T>(1, logits),
                  call.resultOfShape<T>(2, {rows}), call.plan);
}

template <class T> static void callCrossEntropyGrad(KernelCall &call) {
  call.expect(4, 1);
  const Shape &logits = call.operandShape(0);
  const int64_t rows = logits.at(0), classes = logits.at(1);
  crossEntropyGrad<T>(rows, classes, call.operands[0]->as<T>(), call.operandOfShape<T>(1, logits),
                      call.operandOfShape<T>(2, {rows}), call.operandOfShape<T>(3, {}),
                      call.resultOfShape<T>(0, logits));
}

template <class T> static void callTotal(KernelCall &call) {
  call.expect(1, 1);
  *call.resultOfShape<T>(0, {}) =
      sumRows<T>(call.operandShape(0).at(0), call.operands[0]->as<T>(), call.plan);
}

void registerCrossEntropy(KernelRegistry &registry) {
  registry.add("nn.cross_entropy", callCrossEntropy<float>, callCrossEntropy<double>, {"n"});
  registry.add("nn.cross_entropy_grad", callCrossEntropyGrad<float>, callCrossEntropyGrad<double>);
  registry.add("nn.total", callTotal<float>, callTotal<double>, {"n"});
}

} // namespace arsis::ref
