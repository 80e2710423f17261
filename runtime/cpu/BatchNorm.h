// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batch normalisation: by the batch's own statistics (training), by given ones (inference), and the gradient.
// Statistics are two-pass: the variance sums squared differences from the mean; or they come from moments of
// one pass. All sums but that of the first pixels obey the plan (p) of ChannelSum.h.
#pragma once

#include "runtime/cpu/ChannelSum.h"
#include "runtime/cpu/Relu.h"

#include <algorithm>

namespace arsis::ref {

template <class T> struct BatchNormResults { T *y, *mean, *rstd, *newRunningMean, *newRunningVar; };

/// Per channel: the sum of the first `count` pixels, and the sums of differences from their mean and of the
/// squares of these.
template <class T> struct Moments {
  const T *first, *sum, *squares;
  int64_t count;
};

template <class T>
void channelMoments(int64_t pixels, int64_t channels, const T *x, int64_t count, T *first, T *sum, T *squares,
                    const ReductionPlan *plan) {
  reduceTree(
      count, channels, [&](int64_t p, int64_t c) { return x[p * channels + c]; },
      [](T a, T b) { return add(a, b); }, first);
  const T inverse = -inverseOf<T>(count);
  auto difference = [&](int64_t p, int64_t c) {
    return fusedMultiplyAdd(first[c], inverse, x[p * channels + c]);
  };
  sumPixels<T>(pixels, channels, difference, sum, plan);
  sumPixels<T>(
      pixels, channels,
      [&](int64_t p, int64_t c) {
        const T d = difference(p, c);
        return multiply(d, d);
      },
      squares, plan);
}

/// y = (x - mean) * rstd * scale + bias; x and y are pixels x channels, the rest has one value per channel.
template <class T>
void batchNormApply(int64_t pixels, int64_t channels, const T *x, const T *scale, const T *bias,
                    const T *mean, const T *rstd, T *y) {
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t i = p * channels + c;
      y[i] = fusedMultiplyAdd(multiply(subtract(x[i], mean[c]), rstd[c]), scale[c], bias[c]);
    }
}

/// x and y are pixels x channels, the rest has one value per channel. momentum is the weight of the batch in
/// the running statistics; the running variance takes the unbiased one. REQUIRES: pixels > 1.
template <class T>
void batchNorm(int64_t pixels, int64_t channels, const T *x, const T *scale, const T *bias,
               const T *runningMean, const T *runningVar, T epsilon, T momentum,
               const BatchNormResults<T> &out, const ReductionPlan *plan) {
  const T inverse = inverseOf<T>(pixels), unbiasedInverse = inverseOf<T>(pixels - 1),
          keep = subtract(T(1), momentum);
  std::vector<T> squares(channels);
  channelSum<T>(pixels, channels, x, out.mean, plan);
  for (int64_t c = 0; c < channels; ++c)
    out.mean[c] = multiply(out.mean[c], inverse);
  auto difference = [&](int64_t p, int64_t c) { return subtract(x[p * channels + c], out.mean[c]); };
  sumPixels<T>(
      pixels, channels,
      [&](int64_t p, int64_t c) {
        const T d = difference(p, c);
        return multiply(d, d);
      },
      squares.data(), plan);
  for (int64_t c = 0; c < channels; ++c) {
    out.rstd[c] = rsqrt(add(multiply(squares[c], inverse), epsilon));
    out.newRunningMean[c] = fusedMultiplyAdd(out.mean[c], momentum, multiply(runningMean[c], keep));
    out.newRunningVar[c] =
        fusedMultiplyAdd(multiply(squares[c], unbiasedInverse), momentum, multiply(runningVar[c], keep));
  }
  batchNormApply(pixels, channels, x, scale, bias, out.mean, out.rstd, out.y);
}

/// Statistics by the moments of so many pixels; out.y is not read.
template <class T>
void statisticsOfMoments(int64_t pixels, int64_t channels, const T *runningMean, const T *runningVar,
                         const Moments<T> &moments, T epsilon, T momentum, const BatchNormResults<T> &out) {
  const T inverse = inverseOf<T>(pixels), ofFirst = inverseOf<T>(moments.count),
          toUnbiased = T(double(pixels) / double(pixels - 1)), keep = subtract(T(1), momentum);
  for (int64_t c = 0; c < channels; ++c) {
    const T shift = multiply(moments.sum[c], inverse);
    out.mean[c] = fusedMultiplyAdd(moments.first[c], ofFirst, shift);
    T variance = subtract(multiply(moments.squares[c], inverse), multiply(shift, shift));
    relu<T>(1, &variance, &variance);
    out.rstd[c] = rsqrt(add(variance, epsilon));
    out.newRunningMean[c] = fusedMultiplyAdd(out.mean[c], momentum, multiply(runningMean[c], keep));
    out.newRunningVar[c] =
        fusedMultiplyAdd(multiply(variance, toUnbiased), momentum, multiply(runningVar[c], keep));
  }
}

/// batchNorm by the moments of x.
template <class T>
void batchNormOfMoments(int64_t pixels, int64_t channels, const T *x, const T *scale, const T *bias,
                        const T *runningMean, const T *runningVar, const Moments<T> &moments, T epsilon,
                        T momentum, const BatchNormResults<T> &out) {
  statisticsOfMoments<T>(pixels, channels, runningMean, runningVar, moments, epsilon, momentum, out);
  batchNormApply(pixels, channels, x, scale, bias, out.mean, out.rstd, out.y);
}

/// batchNormApply with rstd = rsqrt(variance + epsilon).
template <class T>
void batchNormInference(int64_t pixels, int64_t channels, const T *x, const T *scale, const T *bias,
                        const T *mean, const T *variance, T epsilon, T *y) {
  std::vector<T> rstd(channels);
  for (int64_t c = 0; c < channels; ++c)
    rstd[c] = rsqrt(add(variance[c], epsilon));
  batchNormApply(pixels, channels, x, scale, bias, mean, rstd.data(), y);
}

/// Gradients by scale and bias (channels), from the forward op's mean and rstd; gy and x are pixels x
/// channels.
template <class T>
void batchNormGradSums(int64_t pixels, int64_t channels, const T *gy, const T *x, const T *mean,
                       const T *rstd, T *gscale, T *gbias, const ReductionPlan *plan) {
  channelSum<T>(pixels, channels, gy, gbias, plan);
  sumPixels<T>(
      pixels, channels,
      [&](int64_t p, int64_t c) {
        const int64_t i = p * channels + c;
        return multiply(gy[i], multiply(subtract(x[i], mean[c]), rstd[c]));
      },
      gscale, plan);
}

/// Gradient by input (pixels x channels), from those by scale and bias.
template <class T>
void batchNormGradApply(int64_t pixels, int64_t channels, const T *gy, const T *x, const T *scale,
                        const T *mean, const T *rstd, const T *gscale, const T *gbias, T *gx) {
  auto normalised = [&](int64_t p, int64_t c) {
    return multiply(subtract(x[p * channels + c], mean[c]), rstd[c]);
  };
  const T inverse = inverseOf<T>(pixels);
  std::vector<T> factor(channels), meanGradient(channels), meanProduct(channels);
  for (int64_t c = 0; c < channels; ++c) {
    factor[c] = multiply(scale[c], rstd[c]);
    meanGradient[c] = multiply(gbias[c], inverse);
    meanProduct[c] = multiply(gscale[c], inverse);
  }
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t i = p * channels + c;
      const T centred =
          subtract(subtract(gy[i], meanGradient[c]), multiply(normalised(p, c), meanProduct[c]));
      gx[i] = multiply(centred, factor[c]);
    }
}

} // namespace arsis::ref
