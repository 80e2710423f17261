// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both gradients of a convolution in one nest: the gradient of its result is loaded once, as a tile that
// streams for the gradient of the input, and whose own pixels are stationary for the gradient of the weight,
// past which the input streams. The accumulators of the latter live through all tiles of pixels, for one tile
// of input channels.
//
// For convolutions of stride 1 whose result has the size of their input and that have one group: a tile of
// the input then has the same pixels as a tile of the result. The gradient's channels are not cut, and
// neither are those of the input, unless a schedule asks for it; their loop is around those over pixels then.
#ifndef ARSIS_COMPILER_SCHEDULE_GRADIENTS_H
#define ARSIS_COMPILER_SCHEDULE_GRADIENTS_H

#include "compiler/Schedule/Contraction.h"

namespace arsis::schedule {

/// Of the weight's gradient, beside the tiling of the input's.
struct WeightTiling {
  int64_t chunkN, chunkH, chunkW;       // pixels of one stationary chunk
  int64_t chunksN, chunksH, chunksW;    // in a tile
  int64_t blocks, splitC;               // column blocks per array; the most input channels of one array
  Split split;                          // of the arrays
  TileRange sourceH, sourceW;           // of the tile of the input
  Buffer streamed, result, accumulator; // [n, h, c, w]; [kh, kw, c, co]
  int streamedLevel, resultLevel;
  int64_t products() const { return blocks * chunksN * chunksH * chunksW; } // of an array in a tile
};

class Gradients : public Contraction {
public:
  /// REQUIRES: the convolution is an input gradient and has a sibling that `suits`.
  Gradients(const ChipLimits &limits, Convolution convolution);
  static bool suits(const Convolution &convolution);

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Layout layout(const Choice &choice) const override;
  Plan plan(const Choice &choice) const override;
  std::string planField(const std::string &dim) const override;
  /// REQUIRES: the choice is valid.
  WeightTiling weightTiling(const Choice &choice, const ContractionTiling &tiling) const;

  const WeightSibling &sibling() const { return *convolution.sibling; }

private:
  enum WeightField { PixelsN = Groups, PixelsH, PixelsW }; // behind those of a contraction without groups
  const char *findFault(const Choice &choice, const ContractionTiling &tiling) const;
  /// The least that an array has of the gradient of the whole weight.
  int64_t rowsOfWeight() const;
  mutable std::array<BoxBytes, 5> inputBox; // by the bytes of an element
};

} // namespace arsis::schedule

#endif
