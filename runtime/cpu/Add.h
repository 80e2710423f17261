// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise sum of two tensors of one shape.
#pragma once

#include "runtime/cpu/Arithmetic.h"

namespace arsis::ref {

/// c = a + b.
template <class T> void addElements(int64_t count, const T *a, const T *b, T *c) {
  for (int64_t i = 0; i < count; ++i)
    c[i] = add(a[i], b[i]);
}

} // namespace arsis::ref
