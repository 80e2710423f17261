// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Window arithmetic in one spatial dimension, free of MLIR. Output position o of a window reads the input
// positions o * stride - padBefore + k * dilation for k in [0, kernel). Everything here is an affine function
// of a tile's number, so that one loop body serves every tile: only owned extents are clamped at the edge.
#ifndef ARSIS_COMPILER_SCHEDULE_GEOMETRY_H
#define ARSIS_COMPILER_SCHEDULE_GEOMETRY_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace arsis::schedule {

constexpr int64_t ceilDiv(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }
constexpr int64_t floorDiv(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
constexpr int64_t roundUp(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

/// A window sliding over one dimension.
struct Window {
  int64_t input = 1, output = 1;
  int64_t kernel = 1, stride = 1, dilation = 1, padBefore = 0;

  /// Input positions from the first to behind the last tap.
  int64_t reach() const { return (kernel - 1) * dilation + 1; }
  /// Input positions that `outputs` neighbouring windows cover, holes included.
  int64_t inputExtent(int64_t outputs) const { return (outputs - 1) * stride + reach(); }
};

/// A range [base + step * tile, ... + extent) of positions that belongs to tile number `tile`.
struct TileRange {
  int64_t base = 0, step = 0, extent = 0;
};

/// The input range that the output tile [tile * outputs, (tile + 1) * outputs) reads.
TileRange inputOfOutputTile(const Window &window, int64_t outputs);

/// Tiles of an input gradient are multiples of this: the stride, so that every tile holds the same phases, or
/// the whole input where the stride is longer.
inline int64_t gradientMultiple(const Window &window) { return std::min(window.stride, window.input); }

/// One residue class of input positions modulo the stride, within a tile that starts at a multiple of the
/// stride. Its input positions are tile start + offset + stride * a, a in [0, owned(tile)); tap t (ascending
/// kernel index) is kernel index firstTap + t * tapStep and reads gradient position (tile start / stride) + a
/// + gradBase + t * gradStep.
struct Phase {
  int64_t offset = 0;
  int64_t taps = 0, firstTap = 0, tapStep = 1;
  int64_t gradBase = 0, gradStep = 0; // gradStep is never positive
};

/// The phases of the input gradient that have positions, by ascending offset: min(stride, input) of them.
std::vector<Phase> phasesOf(const Window &window);

/// How many positions of a phase exist in a tile of `inputs` positions (a multiple of gradientMultiple), and
/// how the number shrinks: clamp(limitBase + limitStep * tile, 0, tilePositions).
struct PhaseExtent {
  int64_t positions = 0, limitBase = 0, limitStep = 0;
};
PhaseExtent phaseExtent(const Window &window, const Phase &phase, int64_t inputs);

/// The gradient positions that the phases read for the first position of a tile; empty if no phase has a tap.
struct GradientReach {
  int64_t low = 0, high = -1;
};
GradientReach gradientReach(const std::vector<Phase> &phases);

/// The gradient range that all phases of an input tile of `inputs` positions (a multiple of gradientMultiple)
/// read.
TileRange gradientOfInputTile(const Window &window, const GradientReach &reach, int64_t inputs);

/// What a tile of the gradient of a pooling needs: the windows that touch the owned input range, and the
/// input range that contains both these windows and the owned range. ownedOffset is the position of the first
/// owned input in it.
struct PoolGradTile {
  TileRange windows; // in output positions; may reach outside [0, output)
  TileRange halo;    // in input positions; may reach outside [0, input)
  int64_t ownedOffset = 0;
  int64_t windowOffset = 0; // position of the first window's first tap in the halo
};
/// REQUIRES: `inputs` is a multiple of the stride, or at least window.input (one tile).
PoolGradTile poolGradTile(const Window &window, int64_t inputs);

/// Number of elements a pooling window averages over: those inside the input, or with `includePad` inside the
/// input extended by both pads.
int64_t windowCount(const Window &window, int64_t output, int64_t padAfter, bool includePad);

/// Sizes worth trying for a tile of a dimension: the whole, its even splits into 2, 3, 4, 6, 8, 12, ...
/// pieces, one; each rounded up to a multiple of `multiple`. Descending, without duplicates.
std::vector<int64_t> tileSizes(int64_t extent, int64_t multiple = 1);

} // namespace arsis::schedule

#endif
