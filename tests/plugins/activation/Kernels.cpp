// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of the reference: float follows the vector steps, double is the plain formula.
#include "Activation.h"

#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/Arithmetic.h"

using namespace arsis::ref;

namespace activation {
namespace {

float positive(float x) { return arsis::numerics::relu(x); }
double positive(double x) { return x > 0 || std::isnan(x) ? x : 0; }

template <class T> void squaredRelu(KernelCall &call) {
  call.expect(1, 1);
  call.expectSameShapes();
  const T *x = call.operands[0]->as<T>();
  T *y = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i)
    y[i] = multiply(positive(x[i]), positive(x[i]));
}

template <class T> void squaredReluGrad(KernelCall &call) {
  call.expect(2, 1);
  call.expectSameShapes();
  const T *gy = call.operands[0]->as<T>(), *x = call.operands[1]->as<T>();
  T *gx = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i)
    gx[i] = multiply(gy[i], multiply(positive(x[i]), T(2)));
}

} // namespace

void bringKernels(arsis::isa::Brought &brought) {
  brought.add(BroughtKernel{"activation.squared_relu", squaredRelu<float>, squaredRelu<double>, {}});
  brought.add(
      BroughtKernel{"activation.squared_relu_grad", squaredReluGrad<float>, squaredReluGrad<double>, {}});
}

} // namespace activation
