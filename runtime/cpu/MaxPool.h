// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Maximum over windows and its gradient. Positions outside the input read minus infinity; the first best
// position of a window, in row-major order, takes the window's gradient.
#pragma once

#include "runtime/cpu/Arithmetic.h"
#include "runtime/cpu/Window2d.h"

namespace arsis::ref {

/// The best value of one window and channel, and where it stands; the position is outside the input if the
/// window's first position is and nothing is better than minus infinity.
template <class T> struct BestOfWindow {
  T value = -std::numeric_limits<T>::infinity();
  int64_t h, w;

  BestOfWindow(const Window2d &g, const T *x, int64_t n, int64_t oh, int64_t ow, int64_t c)
      : h(g.height.position(oh, 0)), w(g.width.position(ow, 0)) {
    for (int64_t kh = 0; kh < g.height.kernel; ++kh)
      for (int64_t kw = 0; kw < g.width.kernel; ++kw) {
        const int64_t ih = g.height.position(oh, kh), iw = g.width.position(ow, kw);
        if (!g.height.inside(ih) || !g.width.inside(iw))
          continue;
        const T candidate = x[g.inputPixel(n, ih, iw) * g.channels + c];
        if (isBetter(candidate, value)) {
          value = candidate;
          h = ih;
          w = iw;
        }
      }
  }
};

/// visit(n, oh, ow, c) for every element of the output, row-major.
template <class Visit> void forEachOutput(const Window2d &g, Visit visit) {
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t oh = 0; oh < g.height.output; ++oh)
      for (int64_t ow = 0; ow < g.width.output; ++ow)
        for (int64_t c = 0; c < g.channels; ++c)
          visit(n, oh, ow, c);
}

template <class T> void maxPool(const Window2d &g, const T *x, T *y) {
  forEachOutput(g, [&](int64_t n, int64_t oh, int64_t ow, int64_t c) {
    y[g.outputPixel(n, oh, ow) * g.channels + c] = canonical(BestOfWindow<T>(g, x, n, oh, ow, c).value);
  });
}

template <class T> void maxPoolGrad(const Window2d &g, const T *x, const T *gy, T *gx) {
  std::fill_n(gx, g.inputPixels() * g.channels, T(0));
  forEachOutput(g, [&](int64_t n, int64_t oh, int64_t ow, int64_t c) {
    const BestOfWindow<T> best(g, x, n, oh, ow, c);
    if (!g.height.inside(best.h) || !g.width.inside(best.w))
      return;
    T &to = gx[g.inputPixel(n, best.h, best.w) * g.channels + c];
    to = add(to, gy[g.outputPixel(n, oh, ow) * g.channels + c]);
  });
}

} // namespace arsis::ref
