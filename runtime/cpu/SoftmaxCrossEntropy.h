// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loss: mean over the batch of -log softmax(logits)[label], and its gradient; the same for targets of any
// kind, summed. Plan dims (n) order the sum over the rows; inside a chunk, and over the classes, it is the
// tree of ReductionTree.h.
#pragma once

#include "runtime/common/ReductionPlan.h"
#include "runtime/cpu/ReductionTree.h"

#include <vector>

namespace arsis::ref {

/// One row of the softmax: x minus its maximum, the probabilities, and the logarithm of the sum by which they
/// are divided.
template <class T> T softmaxRow(int64_t classes, const T *x, T *shifted, T *probabilities) {
  const T largest = treeMax<T>(classes, [&](int64_t c) { return x[c]; });
  for (int64_t c = 0; c < classes; ++c) {
    shifted[c] = subtract(x[c], largest);
    probabilities[c] = exponential(shifted[c]);
  }
  const T sum = treeSum<T>(classes, [&](int64_t c) { return probabilities[c]; });
  const T inverse = reciprocal(sum);
  for (int64_t c = 0; c < classes; ++c)
    probabilities[c] = multiply(probabilities[c], inverse);
  return logarithm(sum);
}

/// The sum of `count` values in plan order.
template <class T> T sumRows(int64_t count, const T *values, const ReductionPlan *plan) {
  T total = 0;
  bool first = true;
  for (const Chunk &chunk : chunksOf(plan, {"n"}, {count})) {
    const auto [begin, end] = chunk[0];
    const T partial = treeSum<T>(end - begin, [&, begin = begin](int64_t i) { return values[begin + i]; });
    total = first ? partial : add(total, partial);
    first = false;
  }
  return total;
}

/// logits and probabilities are batch x classes; labels lie in [0, classes).
template <class T>
void softmaxCrossEntropy(int64_t batch, int64_t classes, const T *logits, const int32_t *labels, T *loss,
                         T *probabilities, const ReductionPlan *plan) {
  std::vector<T> losses(batch), shifted(classes);
  for (int64_t n = 0; n < batch; ++n) {
    const T logarithmOfSum =
        softmaxRow(classes, logits + n * classes, shifted.data(), probabilities + n * classes);
    const T target = treeSum<T>(classes, [&](int64_t c) { return multiply(T(c == labels[n]), shifted[c]); });
    losses[n] = subtract(logarithmOfSum, target);
  }
  *loss = multiply(sumRows(batch, losses.data(), plan), inverseOf<T>(batch));
}

/// logits, targets and probabilities are rows x classes; mass has one sum of targets per row.
template <class T>
void crossEntropy(int64_t rows, int64_t classes, const T *logits, const T *targets, T *loss, T *probabilities,
                  T *mass, const ReductionPlan *plan) {
  std::vector<T> losses(rows), shifted(classes);
  for (int64_t n = 0; n < rows; ++n) {
    const T logarithmOfSum =
        softmaxRow(classes, logits + n * classes, shifted.data(), probabilities + n * classes);
    const T *t = targets + n * classes;
    mass[n] = treeSum<T>(classes, [&](int64_t c) { return t[c]; });
    const T sum =
        treeSum<T>(classes, [&](int64_t c) { return multiply(t[c], subtract(logarithmOfSum, shifted[c])); });
    losses[n] = mass[n] > T(0) ? sum : T(0);
  }
  *loss = sumRows(rows, losses.data(), plan);
}

/// glogits = (probabilities * mass - targets) * gloss in rows whose mass is positive, else +0.
template <class T>
void crossEntropyGrad(int64_t rows, int64_t classes, const T *probabilities, const T *targets, const T *mass,
                      const T *gloss, T *glogits) {
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t i = n * classes; i < (n + 1) * classes; ++i)
      glogits[i] =
          mass[n] > T(0) ? multiply(subtract(multiply(probabilities[i], mass[n]), targets[i]), *gloss) : T(0);
}

/// glogits = (probabilities - onehot(labels)) * (gloss / batch).
template <class T>
void softmaxCrossEntropyGrad(int64_t batch, int64_t classes, const T *probabilities, const int32_t *labels,
                             const T *gloss, T *glogits) {
  const T factor = multiply(*gloss, inverseOf<T>(batch));
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < classes; ++c)
      glogits[n * classes + c] =
          multiply(subtract(probabilities[n * classes + c], T(c == labels[n])), factor);
}

} // namespace arsis::ref
