// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rectifier and its gradient, which looks at the rectifier's result.
#pragma once

#include "runtime/cpu/Arithmetic.h"

namespace arsis::ref {

/// y = x > 0 ? x : +0; NaN stays NaN.
template <class T> void relu(int64_t count, const T *x, T *y) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = std::isnan(x[i]) ? canonical(x[i]) : x[i] > T(0) ? x[i] : T(0);
}

/// gx = y > 0 ? gy : +0.
template <class T> void reluGrad(int64_t count, const T *gy, const T *y, T *gx) {
  for (int64_t i = 0; i < count; ++i)
    gx[i] = y[i] > T(0) ? gy[i] : T(0);
}

} // namespace arsis::ref
