// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and its logarithm over rows, and their gradients. Sums and maxima over a row are the tree of
// ReductionTree.h.
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/ReductionTree.h"

#include <vector>

namespace arsis::ref {

/// x - max(x), and e to the power of it.
template <class T> struct Shifted {
  std::vector<T> difference, exponential;

  Shifted(int64_t columns, const T *x) : difference(columns), exponential(columns) {
    const T largest = treeMax<T>(columns, [&](int64_t k) { return x[k]; });
    for (int64_t k = 0; k < columns; ++k) {
      difference[k] = subtract(x[k], largest);
      exponential[k] = arsis::ref::exponential(difference[k]);
    }
  }
  T sum() const {
    return treeSum<T>(static_cast<int64_t>(exponential.size()), [&](int64_t k) { return exponential[k]; });
  }
};

template <class T> static void softmaxRow(int64_t columns, const T *x, T *y) {
  const Shifted<T> shifted(columns, x);
  const T inverse = reciprocal(shifted.sum());
  for (int64_t k = 0; k < columns; ++k)
    y[k] = multiply(shifted.exponential[k], inverse);
}

template <class T> static void logSoftmaxRow(int64_t columns, const T *x, T *y) {
  const Shifted<T> shifted(columns, x);
  const T normaliser = logarithm(shifted.sum());
  for (int64_t k = 0; k < columns; ++k)
    y[k] = subtract(shifted.difference[k], normaliser);
}

template <class T> static void softmaxGradRow(int64_t columns, const T *gy, const T *y, T *gx) {
  const T sum = treeSum<T>(columns, [&](int64_t k) { return multiply(gy[k], y[k]); });
  for (int64_t k = 0; k < columns; ++k)
    gx[k] = multiply(subtract(gy[k], sum), y[k]);
}

template <class T> static void logSoftmaxGradRow(int64_t columns, const T *gy, const T *y, T *gx) {
  const T sum = treeSum<T>(columns, [&](int64_t k) { return gy[k]; });
  for (int64_t k = 0; k < columns; ++k)
    gx[k] = subtract(gy[k], multiply(exponential(y[k]), sum));
}

template <class T, void (*row)(int64_t, const T *, T *)> static void callForward(KernelCall &call) {
  call.expect(1, 1);
  const Shape &matrix = call.operandShape(0);
  const int64_t rows = matrix.at(0), columns = matrix.at(1);
  const T *x = call.operands[0]->as<T>();
  T *y = call.resultOfShape<T>(0, matrix);
  for (int64_t n = 0; n < rows; ++n)
    row(columns, x + n * columns, y + n * columns);
}

template <class T, void (*row)(int64_t, const T *, const T *, T *)> static void callGrad(KernelCall &call) {
  call.expect(2, 1);
  const Shape &matrix = call.operandShape(0);
  const int64_t rows = matrix.at(0), columns = matrix.at(1);
  const T *gy = call.operands[0]->as<T>(), *y = call.operandOfShape<T>(1, matrix);
  T *gx = call.resultOfShape<T>(0, matrix);
  for (int64_t n = 0; n < rows; ++n)
    row(columns, gy + n * columns, y + n * columns, gx + n * columns);
}

void registerSoftmax(KernelRegistry &registry) {
  registry.add("nn.softmax", callForward<float, softmaxRow<float>>, callForward<double, softmaxRow<double>>);
  registry.add("nn.softmax_grad", callGrad<float, softmaxGradRow<float>>,
               callGrad<double, softmaxGradRow<double>>);
  registry.add("nn.log_softmax", callForward<float, logSoftmaxRow<float>>,
               callForward<double, logSoftmaxRow<double>>);
  registry.add("nn.log_softmax_grad", callGrad<float, logSoftmaxGradRow<float>>,
               callGrad<double, logSoftmaxGradRow<double>>);
}

} // namespace arsis::ref
