// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar arithmetic of the reference kernels, overloaded on the value type: float is the chip's
// (dialects/Isa/Numerics, canonical NaN included), double is the standard library's and serves as the
// high-precision truth.
#pragma once

#include "dialects/Isa/Numerics/Numerics.h"

#include <algorithm>
#include <cmath>

namespace arsis::ref {

inline float canonical(float x) { return numerics::canonical(x); }
inline float add(float a, float b) { return numerics::add(a, b); }
inline float subtract(float a, float b) { return numerics::subtract(a, b); }
inline float multiply(float a, float b) { return numerics::multiply(a, b); }
inline float fusedMultiplyAdd(float a, float b, float c) { return numerics::fma(a, b, c); }
inline float reciprocal(float x) { return numerics::reciprocal(x); }
inline float rsqrt(float x) { return numerics::rsqrt(x); }
inline float exponential(float x) { return numerics::exp(x); }
inline float logarithm(float x) { return numerics::log(x); }
inline float errorFunction(float x) { return numerics::erf(x); }
inline float maximum(float a, float b) { return numerics::maximum(a, b); }
inline float minimum(float a, float b) { return numerics::minimum(a, b); }

inline double canonical(double x) { return x; }
inline double add(double a, double b) { return a + b; }
inline double subtract(double a, double b) { return a - b; }
inline double multiply(double a, double b) { return a * b; }
inline double fusedMultiplyAdd(double a, double b, double c) { return std::fma(a, b, c); }
inline double reciprocal(double x) { return 1.0 / x; }
inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
inline double exponential(double x) { return std::exp(x); }
inline double logarithm(double x) { return std::log(x); }
inline double errorFunction(double x) { return std::erf(x); }
inline double maximum(double a, double b) { return b > a || std::isnan(b) ? b : a; }
inline double minimum(double a, double b) { return b < a || std::isnan(b) ? b : a; }

/// 1/count, rounded once to T.
template <class T> T inverseOf(int64_t count) { return static_cast<T>(1.0 / static_cast<double>(count)); }

/// The tie rule of every maximum: a later value wins only if it is greater, or the first NaN.
template <class T> bool isBetter(T value, T best) {
  return value > best || (std::isnan(value) && !std::isnan(best));
}

} // namespace arsis::ref
