// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions of one tensor and their gradients: formulas whose every operation rounds, one loop for all.
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/Relu.h"

#include <optional>

namespace arsis::ref {

/// The number that an attribute states, rounded to T.
template <class T> static T number(const KernelCall &call, const char *name) {
  return static_cast<T>(call.attribute<double>(name));
}
template <class T> static std::optional<T> optionalNumber(const KernelCall &call, const char *name) {
  return call.attributes.count(name) ? std::optional(number<T>(call, name)) : std::nullopt;
}

/// y[i] = function(x[i])
template <class T, class Function> static void forEach(KernelCall &call, Function function) {
  call.expect(1, 1);
  call.expectSameShapes();
  const T *x = call.operands[0]->as<T>();
  T *y = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i)
    y[i] = function(x[i]);
}

/// gx[i] = function(gy[i], at[i])
template <class T, class Function> static void forEachPair(KernelCall &call, Function function) {
  call.expect(2, 1);
  call.expectSameShapes();
  const T *gy = call.operands[0]->as<T>(), *at = call.operands[1]->as<T>();
  T *gx = call.results[0].as<T>();
  for (int64_t i = 0, count = call.results[0].size(); i < count; ++i)
    gx[i] = function(gy[i], at[i]);
}

template <class T> static T rectified(T x) {
  T y;
  relu<T>(1, &x, &y);
  return y;
}

// scale * x + offset: fused, unless one of them does nothing.
template <class T> static void callAffine(KernelCall &call) {
  const T scale = number<T>(call, "scale"), offset = number<T>(call, "offset");
  forEach<T>(call, [=](T x) {
    if (scale == T(1))
      return add(x, offset);
    return offset == T(0) ? multiply(x, scale) : fusedMultiplyAdd(x, scale, offset);
  });
}

template <class T> static void callClip(KernelCall &call) {
  const std::optional<T> low = optionalNumber<T>(call, "low"), high = optionalNumber<T>(call, "high");
  forEach<T>(call, [=](T x) {
    const T raised = low ? maximum(x, *low) : x;
    return high ? minimum(raised, *high) : raised;
  });
}

/// By the result of clip: what lies on a bound passes nothing on.
template <class T> static void callClipGrad(KernelCall &call) {
  const std::optional<T> low = optionalNumber<T>(call, "low"), high = optionalNumber<T>(call, "high");
  forEachPair<T>(call, [=](T gy, T y) { return (!low || y > *low) && (!high || y < *high) ? gy : T(0); });
}

template <class T> static T sigmoid(T x) { return reciprocal(add(exponential(multiply(x, T(-1))), T(1))); }
/// By the result of sigmoid.
template <class T> static T sigmoidGrad(T gy, T y) { return multiply(gy, multiply(y, subtract(T(1), y))); }

template <class T> static T hardSwish(T x) {
  const T gate = fusedMultiplyAdd(x, static_cast<T>(1.0 / 6), T(0.5));
  return multiply(x, minimum(rectified(gate), T(1)));
}
template <class T> static T hardSwishGrad(T gy, T x) {
  const T between = fusedMultiplyAdd(x, static_cast<T>(1.0 / 3), T(0.5));
  return multiply(gy, x < T(-3) ? T(0) : x > T(3) ? T(1) : between);
}

template <class T> static void callLeakyRelu(KernelCall &call) {
  const T slope = number<T>(call, "slope");
  forEach<T>(call, [=](T x) { return x > T(0) ? x : multiply(x, slope); });
}
/// By the operand or the result of leaky_relu.
template <class T> static void callLeakyReluGrad(KernelCall &call) {
  const T slope = number<T>(call, "slope");
  forEachPair<T>(call, [=](T gy, T at) { return at > T(0) ? gy : multiply(gy, slope); });
}

template <class T> static void callElu(KernelCall &call) {
  const T alpha = number<T>(call, "alpha");
  forEach<T>(call, [=](T x) { return x > T(0) ? x : multiply(add(exponential(x), T(-1)), alpha); });
}
template <class T> static void callEluGrad(KernelCall &call) {
  const T alpha = number<T>(call, "alpha");
  forEachPair<T>(call,
                 [=](T gy, T x) { return x > T(0) ? gy : multiply(gy, multiply(exponential(x), alpha)); });
}

template <class T> static T softplus(T x) {
  const T magnitude = minimum(x, multiply(x, T(-1)));
  return add(logarithm(add(exponential(magnitude), T(1))), rectified(x));
}

template <class T> static T squareRoot(T x) { return reciprocal(rsqrt(x)); }

template <class T, T (*Function)(T)> static void callFunction(KernelCall &call) {
  forEach<T>(call, Function);
}
template <class T, T (*Function)(T, T)> static void callGradient(KernelCall &call) {
  forEachPair<T>(call, Function);
}

/// A function by its name in both value types, overloaded or a template.
template <float (*InSingle)(float), double (*InDouble)(double)>
static void addFunction(KernelRegistry &registry, const char *op) {
  registry.add(op, callFunction<float, InSingle>, callFunction<double, InDouble>);
}
template <float (*InSingle)(float, float), double (*InDouble)(double, double)>
static void addGradient(KernelRegistry &registry, const char *op) {
  registry.add(op, callGradient<float, InSingle>, callGradient<double, InDouble>);
}

void registerActivations(KernelRegistry &registry) {
  addFunction<errorFunction, errorFunction>(registry, "nn.erf");
  addFunction<exponential, exponential>(registry, "nn.exp");
  addFunction<hardSwish, hardSwish>(registry, "nn.hard_swish");
  addFunction<logarithm, logarithm>(registry, "nn.log");
  addFunction<reciprocal, reciprocal>(registry, "nn.reciprocal");
  addFunction<sigmoid, sigmoid>(registry, "nn.sigmoid");
  addFunction<softplus, softplus>(registry, "nn.softplus");
  addFunction<squareRoot, squareRoot>(registry, "nn.sqrt");
  addGradient<hardSwishGrad, hardSwishGrad>(registry, "nn.hard_swish_grad");
  addGradient<sigmoidGrad, sigmoidGrad>(registry, "nn.sigmoid_grad");
  registry.add("nn.affine", callAffine<float>, callAffine<double>);
  registry.add("nn.clip", callClip<float>, callClip<double>);
  registry.add("nn.clip_grad", callClipGrad<float>, callClipGrad<double>);
  registry.add("nn.elu", callElu<float>, callElu<double>);
  registry.add("nn.elu_grad", callEluGrad<float>, callEluGrad<double>);
  registry.add("nn.leaky_relu", callLeakyRelu<float>, callLeakyRelu<double>);
  registry.add("nn.leaky_relu_grad", callLeakyReluGrad<float>, callLeakyReluGrad<double>);
}

} // namespace arsis::ref
