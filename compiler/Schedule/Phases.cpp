// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Phases.h.
#include "compiler/Schedule/Phases.h"

#include <algorithm>
#include <map>

namespace arsis::schedule {

std::vector<AxisPhase> forwardPhase(const Window &window, int64_t tile) {
  AxisPhase phase;
  phase.positions = tile;
  phase.limitBase = window.output;
  phase.limitStep = -tile;
  phase.sourceStep = window.stride;
  phase.tapStep = window.dilation;
  phase.taps = window.kernel;
  return {phase};
}

std::vector<AxisPhase> gradientPhases(const Window &window, const std::vector<Phase> &phases, int64_t tile,
                                      const TileRange &source) {
  std::vector<AxisPhase> result;
  for (const Phase &phase : phases) {
    PhaseExtent extent = phaseExtent(window, phase, tile);
    AxisPhase axis;
    axis.positions = extent.positions;
    axis.limitBase = extent.limitBase;
    axis.limitStep = extent.limitStep;
    axis.sourceBase = phase.gradBase - source.base;
    axis.taps = phase.taps;
    axis.firstTap = phase.firstTap;
    if (phase.taps > 1) { // else there is no step, and it may be too long for an instruction
      axis.tapStep = phase.gradStep;
      axis.kernelStep = phase.tapStep;
    }
    axis.resultBase = phase.offset;
    axis.resultStep = extent.positions > 1 ? window.stride : 1;
    result.push_back(axis);
  }
  return result;
}

std::vector<TapGroup> groupsOf(const std::vector<Phase> &phases) {
  std::map<int64_t, int64_t> phasesOfTaps;
  for (const Phase &phase : phases)
    if (phase.taps > 0)
      ++phasesOfTaps[phase.taps];
  std::vector<TapGroup> groups;
  for (auto [taps, count] : phasesOfTaps)
    groups.push_back({taps, count});
  return groups;
}

Extent positionsOf(const AxisPhase &phase, int64_t tiles, const Affine &tile) {
  const int64_t last = phase.limitBase + phase.limitStep * (tiles - 1);
  if (tiles == 1)
    return std::clamp<int64_t>(last, 0, phase.positions);
  if (last >= phase.positions)
    return phase.positions;
  return {phase.positions, tile * phase.limitStep + phase.limitBase};
}

} // namespace arsis::schedule
