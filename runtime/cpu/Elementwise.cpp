// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers bias_add, cast, unscale, relu and relu_grad.
#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/Arithmetic.h"
#include "runtime/cpu/BiasAdd.h"
#include "runtime/cpu/Relu.h"

#include <algorithm>

namespace arsis::ref {

template <class T, void (*Function)(int64_t, const T *, const T *, T *)>
static void callBinary(KernelCall &call) {
  call.expect(2, 1);
  call.expectSameShapes();
  Function(call.results[0].size(), call.operands[0]->as<T>(), call.operands[1]->as<T>(),
           call.results[0].as<T>());
}

template <class T> static void callRelu(KernelCall &call) {
  call.expect(1, 1);
  call.expectSameShapes();
  relu<T>(call.results[0].size(), call.operands[0]->as<T>(), call.results[0].as<T>());
}

/// The interpreter rounds every result to its type, which is all that a cast does.
template <class T> static void callCast(KernelCall &call) {
  call.expect(1, 1);
  call.expectSameShapes();
  std::copy_n(call.operands[0]->as<T>(), call.results[0].size(), call.results[0].as<T>());
}

template <class T> static void callBiasAdd(KernelCall &call) {
  call.expect(2, 1);
  const Shape &x = call.operandShape(0), &bias = call.operandShape(1);
  if (x.empty() || bias != Shape{x.back()} || call.resultShape(0) != x)
    throw Error("'" + call.op + "' cannot add a bias " + toString(bias) + " to " + toString(x));
  biasAdd<T>(bias[0] ? call.operands[0]->size() / bias[0] : 0, bias[0], call.operands[0]->as<T>(),
             call.operands[1]->as<T>(), call.results[0].as<T>());
}

/// unscaled = gradient * (1 / scale), both rounded.
template <class T> static void callUnscale(KernelCall &call) {
  call.expect(2, 1);
  if (call.operandShape(0) != call.resultShape(0) || !call.operandShape(1).empty())
    throw Error("'" + call.op + "' expects a gradient of the result's shape and a scalar");
  const T *gradient = call.operands[0]->as<T>(), factor = reciprocal(*call.operands[1]->as<T>());
  T *unscaled = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i)
    unscaled[i] = multiply(gradient[i], factor);
}

void registerElementwise(KernelRegistry &registry) {
  registry.add("nn.bias_add", callBiasAdd<float>, callBiasAdd<double>);
  registry.add("nn.cast", callCast<float>, callCast<double>);
  registry.add("nn.unscale", callUnscale<float>, callUnscale<double>);
  registry.add("nn.relu", callRelu<float>, callRelu<double>);
  registry.add("nn.relu_grad", callBinary<float, reluGrad<float>>, callBinary<double, reluGrad<double>>);
}

} // namespace arsis::ref
