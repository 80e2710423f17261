// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cross entropy of sigmoids and targets, element by element, and its gradient.
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/Arithmetic.h"

namespace arsis::ref {

/// relu(x) - x * t + log(1 + exp(-|x|)): nothing cancels where the loss is small.
template <class T> static void callLosses(KernelCall &call) {
  call.expect(2, 1);
  call.expectSameShapes();
  const T *x = call.operands[0]->as<T>(), *targets = call.operands[1]->as<T>();
  T *losses = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i) {
    const T positive = std::isnan(x[i]) ? canonical(x[i]) : x[i] > T(0) ? x[i] : T(0);
    const T tail = logarithm(add(exponential(minimum(x[i], multiply(x[i], T(-1)))), T(1)));
    losses[i] = add(subtract(positive, multiply(x[i], targets[i])), tail);
  }
}

/// gx = gy * (1 / (1 + exp(-x)) - t).
template <class T> static void callGradient(KernelCall &call) {
  call.expect(3, 1);
  call.expectSameShapes();
  const T *gy = call.operands[0]->as<T>(), *x = call.operands[1]->as<T>(),
          *targets = call.operands[2]->as<T>();
  T *gx = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i) {
    const T sigmoid = reciprocal(add(exponential(multiply(x[i], T(-1))), T(1)));
    gx[i] = multiply(gy[i], subtract(sigmoid, targets[i]));
  }
}

void registerSigmoidCrossEntropy(KernelRegistry &registry) {
  registry.add("nn.sigmoid_cross_entropy", callLosses<float>, callLosses<double>);
  registry.add("nn.sigmoid_cross_entropy_grad", callGradient<float>, callGradient<double>);
}

} // namespace arsis::ref
