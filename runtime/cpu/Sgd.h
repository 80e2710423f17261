// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stochastic gradient descent with momentum and weight decay (PyTorch's formula without dampening and
// Nesterov).
#pragma once

#include "runtime/cpu/Arithmetic.h"

namespace arsis::ref {

/// velocity and newVelocity are null without momentum (momentum == 0).
template <class T>
void sgd(int64_t count, const T *parameter, const T *gradient, T learningRate, const T *velocity, T momentum,
         T weightDecay, T *newParameter, T *newVelocity) {
  const T step = multiply(learningRate, T(-1));
  for (int64_t i = 0; i < count; ++i) {
    T g = gradient[i];
    if (weightDecay != T(0))
      g = fusedMultiplyAdd(parameter[i], weightDecay, g);
    if (velocity) {
      g = fusedMultiplyAdd(velocity[i], momentum, g);
      newVelocity[i] = g;
    }
    newParameter[i] = fusedMultiplyAdd(g, step, parameter[i]);
  }
}

} // namespace arsis::ref
