// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dense phases of a tile of a convolution along one axis: one of a forward pass, up to stride many of an
// input gradient, whose positions of one residue modulo the stride are reached by the same taps.
#ifndef ARSIS_COMPILER_SCHEDULE_PHASES_H
#define ARSIS_COMPILER_SCHEDULE_PHASES_H

#include "compiler/Schedule/Geometry.h"
#include "compiler/Schedule/Layout.h"

namespace arsis::schedule {

/// One phase along one axis: how positions, taps and results of a tile relate. Positions exist up to
/// clamp(limitBase + limitStep * tile, 0, positions).
struct AxisPhase {
  int64_t positions = 1, limitBase = 1, limitStep = 0;
  int64_t sourceBase = 0, sourceStep = 1,
          tapStep = 1;                            // in the streamed tile: of tap 0, per position, per tap
  int64_t taps = 1, firstTap = 0, kernelStep = 1; // kernel index of tap t is firstTap + t * kernelStep
  int64_t resultBase = 0, resultStep = 1;         // in the result tile
};
/// Those positions of a phase that tile number `tile` of `tiles` has, none if it has none.
Extent positionsOf(const AxisPhase &phase, int64_t tiles, const Affine &tile);

/// Phases along one axis that have equally many taps. Two groups with taps at most, since the numbers of taps
/// differ by one at most.
struct TapGroup {
  int64_t taps = 1, phases = 1;
};

/// The one phase of an output tile.
std::vector<AxisPhase> forwardPhase(const Window &window, int64_t tile);

/// The phases of an input tile; `source` is the gradient range that all of them read.
std::vector<AxisPhase> gradientPhases(const Window &window, const std::vector<Phase> &phases, int64_t tile,
                                      const TileRange &source);

/// By ascending number of taps.
std::vector<TapGroup> groupsOf(const std::vector<Phase> &phases);

} // namespace arsis::schedule

#endif
