// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Average over windows and its gradient. The divisor counts the window's positions inside the input or, with
// countIncludePad, inside the padded input: a window that hangs over the padded input (ceil mode) never
// counts what lies beyond. A window without any such position, all taps of a dilated one in the padding, is
// 0.
#pragma once

#include "runtime/cpu/Arithmetic.h"
#include "runtime/cpu/Window2d.h"

namespace arsis::ref {

/// Positions of one dim that count towards the divisor of a window.
inline int64_t countedPositions(const WindowDim &dim, int64_t window, bool countIncludePad) {
  int64_t count = 0;
  for (int64_t tap = 0; tap < dim.kernel; ++tap) {
    const int64_t position = dim.position(window, tap);
    count += countIncludePad ? position < dim.input + dim.padAfter : dim.inside(position);
  }
  return count;
}

template <class T> T inverseCount(const Window2d &g, int64_t oh, int64_t ow, bool countIncludePad) {
  const int64_t count =
      countedPositions(g.height, oh, countIncludePad) * countedPositions(g.width, ow, countIncludePad);
  return count ? inverseOf<T>(count) : T(0);
}

/// visit(input pixel) for every position of a window inside the input, row-major.
template <class Visit> void forEachTap(const Window2d &g, int64_t n, int64_t oh, int64_t ow, Visit visit) {
  for (int64_t kh = 0; kh < g.height.kernel; ++kh)
    for (int64_t kw = 0; kw < g.width.kernel; ++kw) {
      const int64_t ih = g.height.position(oh, kh), iw = g.width.position(ow, kw);
      if (g.height.inside(ih) && g.width.inside(iw))
        visit(g.inputPixel(n, ih, iw));
    }
}

/// y = (sum of the window from +0) * (1 / count).
template <class T> void avgPool(const Window2d &g, bool countIncludePad, const T *x, T *y) {
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t oh = 0; oh < g.height.output; ++oh)
      for (int64_t ow = 0; ow < g.width.output; ++ow) {
        T *to = y + g.outputPixel(n, oh, ow) * g.channels;
        std::fill_n(to, g.channels, T(0));
        forEachTap(g, n, oh, ow, [&](int64_t pixel) {
          for (int64_t c = 0; c < g.channels; ++c)
            to[c] = add(to[c], x[pixel * g.channels + c]);
        });
        const T inverse = inverseCount<T>(g, oh, ow, countIncludePad);
        for (int64_t c = 0; c < g.channels; ++c)
          to[c] = multiply(to[c], inverse);
      }
}

/// Each window adds gy * (1 / count) to its positions, windows in row-major order.
template <class T> void avgPoolGrad(const Window2d &g, bool countIncludePad, const T *gy, T *gx) {
  std::fill_n(gx, g.inputPixels() * g.channels, T(0));
  std::vector<T> share(g.channels);
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t oh = 0; oh < g.height.output; ++oh)
      for (int64_t ow = 0; ow < g.width.output; ++ow) {
        const T inverse = inverseCount<T>(g, oh, ow, countIncludePad);
        for (int64_t c = 0; c < g.channels; ++c)
          share[c] = multiply(gy[g.outputPixel(n, oh, ow) * g.channels + c], inverse);
        forEachTap(g, n, oh, ow, [&](int64_t pixel) {
          for (int64_t c = 0; c < g.channels; ++c)
            gx[pixel * g.channels + c] = add(gx[pixel * g.channels + c], share[c]);
        });
      }
}

} // namespace arsis::ref
