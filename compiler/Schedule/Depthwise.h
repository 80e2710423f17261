// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Depthwise convolutions on the vector unit: one channel per group, one or several outputs of each. Forward
// and input gradient go over the taps of the kernel, an instruction for each with all pixels and channels of
// a tile: result = fma(x, w, result). The weight gradient goes over the pixels of a row, an instruction for
// each with all rows, taps and channels of a tile, so that every row of pixels is a chunk of the plan with
// partial sums of its own; these are added up row by row. An epilogue works on the result in its type, which
// is rounded before if that is not fp32.
//
// Loops, outermost first: g (channels), n, h, w (tiles of the result's pixels; of the weight gradient, of
// rows).
#ifndef ARSIS_COMPILER_SCHEDULE_DEPTHWISE_H
#define ARSIS_COMPILER_SCHEDULE_DEPTHWISE_H

#include "compiler/Schedule/Convolution.h"
#include "compiler/Schedule/Phases.h"
#include "compiler/Schedule/Space.h"

namespace arsis::schedule {

struct DepthwiseTiling {
  LoopOrder order; // g, n, h, w
  int64_t tileG, tileN, tileH, tileW;
  TileRange sourceH, sourceW;              // of the streamed tile
  std::vector<AxisPhase> phasesH, phasesW; // of forward and input gradient
  Buffer streamed, weights, result;        // weights: of the weight gradient, the gradient of the output
  int64_t sumChunk = 0;                    // rows of a chunk of the sum over pixels; 0: there is none
  Buffer vectors;                          // room for one of the epilogue
  Buffer partials;                         // of the weight gradient: [row, kh, kw, channel]
  int channelLevel, tileLevel;             // where what belongs to channels is filled, and to all loops
};

class Depthwise : public Space {
public:
  /// REQUIRES: isDepthwise(convolution).
  Depthwise(const ChipLimits &limits, Convolution convolution);

  static bool isDepthwise(const Convolution &convolution) {
    return convolution.shape.groups > 1 && convolution.shape.channels == 1 && !convolution.hasPrologue();
  }

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Choice essence(const Choice &choice) const override {
    Choice essence = choice;
    essence[Slots] = 0;
    return essence;
  }
  Layout layout(const Choice &choice) const override;
  Plan plan(const Choice &choice) const override;
  std::string planField(const std::string &dim) const override { return convolution.planField(dim); }
  /// REQUIRES: the choice is valid.
  DepthwiseTiling tiling(const Choice &choice) const;

  /// Whether the epilogue does not work where the sums of the taps lie.
  bool isRounded() const {
    return convolution.epilogue && convolution.epilogue->productType() != numerics::ElementType::F32;
  }

  const Convolution convolution;
  const ConvShape &shape;

private:
  enum FieldIndex { G, N, H, W, Slots, Chunk0, Chunk1, Chunk2, Pack };
  bool isWeightGradient() const { return convolution.pass == Convolution::GradWeight; }
  int64_t pixelsH() const {
    return convolution.pass == Convolution::GradInput ? shape.h.input : shape.h.output;
  }
  int64_t pixelsW() const {
    return convolution.pass == Convolution::GradInput ? shape.w.input : shape.w.output;
  }
  /// The chunks of the plan: a whole window, or a row of pixels.
  std::array<int64_t, 3> chunks() const;
  const char *findFault(const Choice &choice) const;
  /// Elements that the instructions of one tile visit, how many there are, and the most that one visits.
  struct Work {
    double elements = 0, instructions = 0;
    int64_t most = 0;
  };
  Work workOf(const DepthwiseTiling &tiling) const;

  std::vector<Phase> strideH, strideW; // of the input gradient
  mutable BoxBytes streamedBox, weightBox, kernelBox;
  mutable std::array<BoxBytes, 5> resultBox; // by the bytes of an element
};

} // namespace arsis::schedule

#endif
