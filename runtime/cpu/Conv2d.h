// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolution: y[n,oh,ow,o] = sum over kh, kw, c of x[n, oh*sh + kh*dh - top, ow*sw + kw*dw - left, c] *
// w[kh,kw,c,o]. Plan dims (c, kh, kw); inside a chunk the order is (kh, kw, c).
#pragma once

#include "runtime/cpu/Contraction.h"
#include "runtime/cpu/Window2d.h"

namespace arsis::ref {

/// x is NHWC, w is HWIO, y is NHWC with `outputChannels`; g.channels are x's.
template <class T>
void conv2d(const Window2d &g, int64_t outputChannels, const T *x, const T *w, T *y,
            const ReductionPlan *plan) {
  const WindowDim &h = g.height, &v = g.width;
  const std::vector<Chunk> boxes = chunksOf(plan, {"c", "kh", "kw"}, {g.channels, h.kernel, v.kernel}, true);
  ContractionChunks chunks;
  for (const Chunk &box : boxes) {
    chunks.emplace_back();
    for (int64_t kh = box[1].begin; kh < box[1].end; ++kh)
      for (int64_t kw = box[2].begin; kw < box[2].end; ++kw)
        for (int64_t c = box[0].begin; c < box[0].end; ++c)
          chunks.back().push_back((kh * v.kernel + kw) * g.channels + c);
  }
  auto fillRow = [&](int64_t pixel, size_t chunk, T *row) {
    const Chunk &box = boxes[chunk];
    const int64_t ow = pixel % v.output, oh = pixel / v.output % h.output, n = pixel / v.output / h.output;
    const int64_t run = box[0].end - box[0].begin;
    for (int64_t kh = box[1].begin; kh < box[1].end; ++kh)
      for (int64_t kw = box[2].begin; kw < box[2].end; ++kw, row += run) {
        const int64_t ih = h.position(oh, kh), iw = v.position(ow, kw);
        if (h.inside(ih) && v.inside(iw))
          std::copy_n(x + g.inputPixel(n, ih, iw) * g.channels + box[0].begin, run, row);
        else
          std::fill_n(row, run, T(0));
      }
  };
  contract<T>(g.outputPixels(), outputChannels, w, chunks, plan, fillRow,
              [&](int64_t pixel) { return y + pixel * outputChannels; });
}

} // namespace arsis::ref
