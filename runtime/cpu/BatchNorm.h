// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batch normalisation: by the batch's own statistics (training), by given ones (inference), and the gradient.
// Statistics are two-pass: the variance sums squared differences from the mean. All sums obey the plan (p) of
// ChannelSum.h.
#pragma once

#include "runtime/cpu/ChannelSum.h"

#include <algorithm>

namespace arsis::ref {

template <class T> struct BatchNormResults { T *y, *mean, *rstd, *newRunningMean, *newRunningVar; };

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
/// `sum` is that of x per channel, if it is known, or null.
template <class T>
void batchNorm(int64_t pixels, int64_t channels, const T *x, const T *scale, const T *bias,
               const T *runningMean, const T *runningVar, const T *sum, T epsilon, T momentum,
               const BatchNormResults<T> &out, const ReductionPlan *plan) {
  const T inverse = inverseOf<T>(pixels), unbiasedInverse = inverseOf<T>(pixels - 1),
          keep = subtract(T(1), momentum);
  std::vector<T> squares(channels);
  if (sum)
    std::copy_n(sum, channels, out.mean);
  else
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

/// batchNormApply with rstd = rsqrt(variance + epsilon).
template <class T>
void batchNormInference(int64_t pixels, int64_t channels, const T *x, const T *scale, const T *bias,
                        const T *mean, const T *variance, T epsilon, T *y) {
  std::vector<T> rstd(channels);
  for (int64_t c = 0; c < channels; ++c)
    rstd[c] = rsqrt(add(variance[c], epsilon));
  batchNormApply(pixels, channels, x, scale, bias, mean, rstd.data(), y);
}

/// Gradients by input (pixels x channels), scale and bias (channels), from the forward op's mean and rstd.
template <class T>
void batchNormGrad(int64_t pixels, int64_t channels, const T *gy, const T *x, const T *scale, const T *mean,
                   const T *rstd, T *gx, T *gscale, T *gbias, const ReductionPlan *plan) {
  auto normalised = [&](int64_t p, int64_t c) {
    return multiply(subtract(x[p * channels + c], mean[c]), rstd[c]);
  };
  channelSum<T>(pixels, channels, gy, gbias, plan);
  sumPixels<T>(
      pixels, channels,
      [&](int64_t p, int64_t c) { return multiply(gy[p * channels + c], normalised(p, c)); }, gscale, plan);
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
