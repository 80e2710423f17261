// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions that are a convolution, one of its gradients or a matrix product, read off their structure:
// the windows of both axes, and which tensor has which of its dimensions where. A matrix product a[M, K] b[K,
// N] is a convolution of batch 1 and one row, with M pixels, K channels and N outputs.
#ifndef ARSIS_COMPILER_SCHEDULE_CONVOLUTION_H
#define ARSIS_COMPILER_SCHEDULE_CONVOLUTION_H

#include "compiler/Schedule/ChipLimits.h"
#include "compiler/Schedule/Epilogue.h"
#include "compiler/Schedule/Geometry.h"
#include "compiler/Schedule/Layout.h"
#include "compiler/Schedule/Prologue.h"
#include "compiler/Schedule/Unit.h"

#include <optional>

namespace arsis::schedule {

/// A convolution of x[batch, h.input, w.input, groups * channels] with w[h.kernel, w.kernel, channels, groups
/// * outputs].
struct ConvShape {
  int64_t batch = 1;
  Window h, w;
  int64_t channels = 1, outputs = 1; // of a group
  int64_t groups = 1;
};

/// A tensor as a unit names it, and for each of its dimensions in DRAM (four, leading ones may be one) the
/// dimension of the buffer that holds it: the DMA turns operands on the way in.
struct ConvOperand {
  int value = 0;
  std::vector<int64_t> shape;
  numerics::ElementType type = numerics::ElementType::F32;
  std::array<int, 4> axes = {0, 1, 2, 3};
  std::optional<Prologue> prologue =
      {}; // what it is computed from where it is loaded; it is not in DRAM then

  bool isTurned() const { return axes[3] != 3; }
};

/// The gradient of the weight, made in the nest of that of the input of the same gradient.
struct WeightSibling {
  ConvOperand streamed; // the input
  int result = 0;
  std::vector<int64_t> resultShape;
  numerics::ElementType resultType = numerics::ElementType::F32;
  std::vector<std::string> planDims;
};

struct Convolution {
  enum Pass { Forward, GradInput, GradWeight };
  Pass pass = Forward;
  ConvShape shape;
  ConvOperand streamed, stationary; // buffers [n, h, w, K] and [kh, kw, K, N], or the gradient [n, oh, ow, N]
  int result = 0;
  std::vector<int64_t> resultShape;
  numerics::ElementType resultType = numerics::ElementType::F32; // of what drains
  std::optional<Epilogue> epilogue; // what becomes of the result before it is stored
  std::optional<WeightSibling> sibling;
  /// What is moved for each tile of the result in its shape: the result, or what the epilogue loads and
  /// stores.
  std::vector<numerics::ElementType> tileTypes = {numerics::ElementType::F32};
  std::vector<std::string> planDims; // without the groups that are summed together
  std::string packDim;               // what the plan calls these; empty: none can be
  /// The dimensions as the structure calls them; empty where there is none (a product has columns of pixels
  /// only). `reduced` and `columns` are those of the array; of the weight gradient, `reduced` is the streamed
  /// channel.
  struct Names {
    std::string batch, h, w, reduced, columns, kernelRow, group;
  } names;

  /// Whether tiles of the streamed factor hold each of its elements once, if no tile is loaded again.
  bool streamsOnce() const {
    const auto isPoint = [](const Window &window) {
      return window.kernel == 1 && window.stride == 1 && window.padBefore == 0 &&
             window.input == window.output;
    };
    return pass == Forward && shape.groups == 1 && isPoint(shape.h) && isPoint(shape.w);
  }
  bool hasPrologue() const { return streamed.prologue || stationary.prologue; }
  /// Whether the epilogue sums up pixels, in chunks that the tile decides.
  bool sums() const { return epilogue && epilogue->sums(); }

  /// The field that decides the chunks of a dim; empty for those of such a sum.
  std::string planField(const std::string &dim) const;

  /// Why no array of the chip computes it; null if one does.
  const char *refusal(const ChipLimits &limits) const;
};

/// Rows of the chunks in which a whole tile of the result, [images, rows, columns], is summed up: they fill
/// it, and its tiles all pixels in their order, each at least `least` of them. 0 if there are none such.
int64_t chunkOfSum(const std::array<int64_t, 3> &pixels, const std::array<int64_t, 3> &tile, int64_t least);

/// Nothing if the unit is none of these.
std::optional<Convolution> convolutionIn(const Unit &unit);

} // namespace arsis::schedule

#endif
