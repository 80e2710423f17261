// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The hyperbolic tangent and its gradient, which looks at the tangent's result: loops and registration.
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/Arithmetic.h"

namespace arsis::ref {

static float hyperbolicTangent(float x) { return numerics::tanh(x); }
static double hyperbolicTangent(double x) { return std::tanh(x); }

template <class T> static void callTanh(KernelCall &call) {
  call.expect(1, 1);
  call.expectSameShapes();
  const T *x = call.operands[0]->as<T>();
  T *y = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i)
    y[i] = hyperbolicTangent(x[i]);
}

/// gx = gy * (1 - y * y), every operation rounded.
template <class T> static void callTanhGrad(KernelCall &call) {
  call.expect(2, 1);
  call.expectSameShapes();
  const T *gy = call.operands[0]->as<T>(), *y = call.operands[1]->as<T>();
  T *gx = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i)
    gx[i] = multiply(gy[i], subtract(T(1), multiply(y[i], y[i])));
}

void registerTanh(KernelRegistry &registry) {
  registry.add("nn.tanh", callTanh<float>, callTanh<double>);
  registry.add("nn.tanh_grad", callTanhGrad<float>, callTanhGrad<double>);
}

} // namespace arsis::ref
