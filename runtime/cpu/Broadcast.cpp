// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of which one operand may repeat: add, multiply, broadcast, prelu and its gradient.
#include "runtime/cpu/Broadcast.h"

#include "runtime/cpu/Arithmetic.h"

namespace arsis::ref {

/// c[i] = function(a[i], b[j])
template <class T, T (*Function)(T, T)> static void callBinary(KernelCall &call) {
  call.expect(2, 1);
  const T *a = call.operandOfShape<T>(0, call.resultShape(0)), *b = call.operands[1]->as<T>();
  T *c = call.results[0].as<T>();
  visitAlong(call.resultShape(0), call.operandShape(1), alongOf(call),
             [&](int64_t i, int64_t j) { c[i] = Function(a[i], b[j]); });
}

template <class T> static void callBroadcast(KernelCall &call) {
  call.expect(1, 1);
  const T *x = call.operands[0]->as<T>();
  T *y = call.results[0].as<T>();
  visitAlong(call.resultShape(0), call.operandShape(0), alongOf(call),
             [&](int64_t i, int64_t j) { y[i] = x[j]; });
}

/// y = x > 0 ? x : x * slope
template <class T> static T sloped(T x, T slope) { return x > T(0) ? x : multiply(x, slope); }

/// gx = x > 0 ? gy : gy * slope
template <class T> static void callPReluGrad(KernelCall &call) {
  call.expect(3, 1);
  const Shape &shape = call.resultShape(0);
  const T *gy = call.operandOfShape<T>(0, shape), *x = call.operandOfShape<T>(2, shape);
  const T *slope = call.operands[1]->as<T>();
  T *gx = call.results[0].as<T>();
  visitAlong(shape, call.operandShape(1), alongOf(call),
             [&](int64_t i, int64_t j) { gx[i] = x[i] > T(0) ? gy[i] : multiply(gy[i], slope[j]); });
}

void registerBroadcast(KernelRegistry &registry) {
  registry.add("nn.add", callBinary<float, add>, callBinary<double, add>);
  registry.add("nn.multiply", callBinary<float, multiply>, callBinary<double, multiply>);
  registry.add("nn.broadcast", callBroadcast<float>, callBroadcast<double>);
  registry.add("nn.prelu", callBinary<float, sloped<float>>, callBinary<double, sloped<double>>);
  registry.add("nn.prelu_grad", callPReluGrad<float>, callPReluGrad<double>);
}

} // namespace arsis::ref
