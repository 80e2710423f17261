// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Adds a vector of channels to every pixel.
#pragma once

#include "runtime/cpu/Arithmetic.h"

namespace arsis::ref {

/// y[p][c] = x[p][c] + bias[c].
template <class T> void biasAdd(int64_t pixels, int64_t channels, const T *x, const T *bias, T *y) {
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t c = 0; c < channels; ++c)
      y[p * channels + c] = add(x[p * channels + c], bias[c]);
}

} // namespace arsis::ref
