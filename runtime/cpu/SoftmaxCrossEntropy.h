// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loss: mean over the batch of -log softmax(logits)[label], and its gradient. Plan dims (n) order the sum
// over the batch; inside a chunk, and over the classes, it is the tree of ReductionTree.h.
#pragma once

#include "runtime/common/ReductionPlan.h"
#include "runtime/cpu/ReductionTree.h"

#include <vector>

namespace arsis::ref {

/// logits and probabilities are batch x classes; labels lie in [0, classes).
template <class T>
void softmaxCrossEntropy(int64_t batch, int64_t classes, const T *logits, const int32_t *labels, T *loss,
                         T *probabilities, const ReductionPlan *plan) {
  std::vector<T> losses(batch), difference(classes);
  for (int64_t n = 0; n < batch; ++n) {
    const T *x = logits + n * classes;
    T *p = probabilities + n * classes;
    const T largest = treeMax<T>(classes, [&](int64_t c) { return x[c]; });
    for (int64_t c = 0; c < classes; ++c) {
      difference[c] = subtract(x[c], largest);
      p[c] = exponential(difference[c]);
    }
    const T sum = treeSum<T>(classes, [&](int64_t c) { return p[c]; });
    const T inverse = reciprocal(sum);
    for (int64_t c = 0; c < classes; ++c)
      p[c] = multiply(p[c], inverse);
    const T target =
        treeSum<T>(classes, [&](int64_t c) { return multiply(T(c == labels[n]), difference[c]); });
    losses[n] = subtract(logarithm(sum), target);
  }
  T total = 0;
  bool first = true;
  for (const Chunk &chunk : chunksOf(plan, {"n"}, {batch})) {
    const auto [begin, end] = chunk[0];
    const T partial = treeSum<T>(end - begin, [&, begin = begin](int64_t i) { return losses[begin + i]; });
    total = first ? partial : add(total, partial);
    first = false;
  }
  *loss = multiply(total, inverseOf<T>(batch));
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
