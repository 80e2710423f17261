// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gradient of a convolution by its input. A position of the input is reached by the kernel taps of its stride
// phase only, so each phase (row residue, column residue) is a dense sum over its own taps; a phase without
// taps is +0. Plan dims (c = output channels, kh, kw), the latter counted in taps of the phase, ascending;
// order in a chunk (kh, kw, c).
#pragma once

#include "runtime/cpu/Contraction.h"
#include "runtime/cpu/Window2d.h"

namespace arsis::ref {

/// The positions of one spatial dim whose (position + leading pad) mod stride is `residue`, and the taps that
/// reach them.
struct StridePhase {
  std::vector<int64_t> positions, taps;

  StridePhase(const WindowDim &dim, int64_t residue) {
    for (int64_t position = 0; position < dim.input; ++position)
      if ((position + dim.padBefore) % dim.stride == residue)
        positions.push_back(position);
    for (int64_t tap = 0; tap < dim.kernel; ++tap)
      if (tap * dim.dilation % dim.stride == residue)
        taps.push_back(tap);
  }
  /// The window whose `tap` reads `position`; may lie outside 0 .. output - 1. REQUIRES: both belong to the
  /// phase.
  static int64_t window(const WindowDim &dim, int64_t position, int64_t tap) {
    return (position + dim.padBefore - tap * dim.dilation) / dim.stride;
  }
};

/// gy is NHWC with `outputChannels`, w is HWIO, gx is NHWC with g.channels.
template <class T>
void conv2dGradInput(const Window2d &g, int64_t outputChannels, const T *gy, const T *w, T *gx,
                     const ReductionPlan *plan) {
  const WindowDim &h = g.height, &v = g.width;
  for (int64_t top = 0; top < std::min(h.stride, h.input); ++top) // first positions of the phases
    for (int64_t left = 0; left < std::min(v.stride, v.input); ++left) {
      const StridePhase rows(h, (top + h.padBefore) % h.stride), columns(v, (left + v.padBefore) % v.stride);
      const int64_t rowTaps = rows.taps.size(), columnTaps = columns.taps.size();
      // The phase's weights with input channels innermost: [tap row][tap column][output channel][input
      // channel].
      std::vector<T> turned(rowTaps * columnTaps * outputChannels * g.channels);
      for (int64_t i = 0; i < rowTaps; ++i)
        for (int64_t j = 0; j < columnTaps; ++j)
          for (int64_t c = 0; c < g.channels; ++c)
            for (int64_t o = 0; o < outputChannels; ++o)
              turned[((i * columnTaps + j) * outputChannels + o) * g.channels + c] =
                  w[((rows.taps[i] * v.kernel + columns.taps[j]) * g.channels + c) * outputChannels + o];
      const std::vector<Chunk> boxes =
          chunksOf(plan, {"co", "kh", "kw"}, {outputChannels, rowTaps, columnTaps}, true);
      ContractionChunks chunks;
      for (const Chunk &box : boxes) {
        chunks.emplace_back();
        for (int64_t i = box[1].begin; i < box[1].end; ++i)
          for (int64_t j = box[2].begin; j < box[2].end; ++j)
            for (int64_t o = box[0].begin; o < box[0].end; ++o)
              chunks.back().push_back((i * columnTaps + j) * outputChannels + o);
      }
      const int64_t height = rows.positions.size(), width = columns.positions.size();
      auto fillRow = [&](int64_t m, size_t chunk, T *row) {
        const Chunk &box = boxes[chunk];
        const int64_t iw = columns.positions[m % width], ih = rows.positions[m / width % height],
                      n = m / width / height;
        const int64_t run = box[0].end - box[0].begin;
        for (int64_t i = box[1].begin; i < box[1].end; ++i)
          for (int64_t j = box[2].begin; j < box[2].end; ++j, row += run) {
            // Division truncates towards zero, so a window before the first one needs the sign of the
            // dividend.
            const int64_t above = ih + h.padBefore - rows.taps[i] * h.dilation;
            const int64_t before = iw + v.padBefore - columns.taps[j] * v.dilation;
            const int64_t oh = StridePhase::window(h, ih, rows.taps[i]),
                          ow = StridePhase::window(v, iw, columns.taps[j]);
            if (above >= 0 && before >= 0 && oh < h.output && ow < v.output)
              std::copy_n(gy + g.outputPixel(n, oh, ow) * outputChannels + box[0].begin, run, row);
            else
              std::fill_n(row, run, T(0));
          }
      };
      contract<T>(g.batch * height * width, g.channels, turned.data(), chunks, plan, fillRow, [&](int64_t m) {
        return gx + g.channels * g.inputPixel(m / width / height, rows.positions[m / width % height],
                                              columns.positions[m % width]);
      });
    }
}

} // namespace arsis::ref
