// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gradient of a convolution by its weight: gw[kh,kw,c,o] = sum over n, oh, ow of x[n, oh*sh + kh*dh - top,
// ..., c] * gy[n,oh,ow,o]. Plan dims and order in a chunk: (n, oh, ow).
#pragma once

#include "runtime/cpu/Contraction.h"
#include "runtime/cpu/Window2d.h"

namespace arsis::ref {

/// x is NHWC with g.channels, gy is NHWC with `outputChannels`, gw is HWIO.
template <class T>
void conv2dGradWeight(const Window2d &g, int64_t outputChannels, const T *x, const T *gy, T *gw,
                      const ReductionPlan *plan) {
  const WindowDim &h = g.height, &v = g.width;
  const std::vector<Chunk> boxes = chunksOf(plan, {"n", "oh", "ow"}, {g.batch, h.output, v.output}, true);
  ContractionChunks chunks;
  for (const Chunk &box : boxes) {
    chunks.emplace_back();
    for (int64_t n = box[0].begin; n < box[0].end; ++n)
      for (int64_t oh = box[1].begin; oh < box[1].end; ++oh)
        for (int64_t ow = box[2].begin; ow < box[2].end; ++ow)
          chunks.back().push_back(g.outputPixel(n, oh, ow));
  }
  auto fillRow = [&](int64_t m, size_t chunk, T *row) {
    const Chunk &box = boxes[chunk];
    const int64_t c = m % g.channels, kw = m / g.channels % v.kernel, kh = m / g.channels / v.kernel;
    for (int64_t n = box[0].begin; n < box[0].end; ++n)
      for (int64_t oh = box[1].begin; oh < box[1].end; ++oh) {
        const int64_t ih = h.position(oh, kh);
        for (int64_t ow = box[2].begin; ow < box[2].end; ++ow) {
          const int64_t iw = v.position(ow, kw);
          *row++ = h.inside(ih) && v.inside(iw) ? x[g.inputPixel(n, ih, iw) * g.channels + c] : T(0);
        }
      }
  };
  contract<T>(h.kernel * v.kernel * g.channels, outputChannels, gy, chunks, plan, fillRow,
              [&](int64_t m) { return gw + m * outputChannels; });
}

} // namespace arsis::ref
