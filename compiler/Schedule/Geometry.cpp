// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Window arithmetic; see Geometry.h. The phases follow from solving (input + padBefore - k * dilation) = 0
// modulo stride for k: with g = gcd(dilation, stride) there is a solution exactly if g divides the residue,
// and solutions are stride / g apart.
#include "compiler/Schedule/Geometry.h"

#include <numeric>

namespace arsis::schedule {

TileRange inputOfOutputTile(const Window &window, int64_t outputs) {
  return {-window.padBefore, outputs * window.stride, window.inputExtent(outputs)};
}

std::vector<Phase> phasesOf(const Window &window) {
  std::vector<Phase> phases;
  int64_t common = std::gcd(window.dilation, window.stride);
  for (int64_t offset = 0; offset < std::min(window.stride, window.input); ++offset) {
    Phase phase;
    phase.offset = offset;
    phase.tapStep = window.stride / common;
    phase.gradStep = -(window.dilation / common);
    int64_t position = offset + window.padBefore;
    for (int64_t k = 0; k < std::min(window.kernel, phase.tapStep); ++k) {
      if ((position - k * window.dilation) % window.stride != 0)
        continue;
      phase.firstTap = k;
      phase.taps = ceilDiv(window.kernel - k, phase.tapStep);
      phase.gradBase = floorDiv(position - k * window.dilation, window.stride);
    }
    phases.push_back(phase);
  }
  return phases;
}

PhaseExtent phaseExtent(const Window &window, const Phase &phase, int64_t inputs) {
  int64_t perTile = ceilDiv(inputs, window.stride);
  return {perTile, ceilDiv(window.input - phase.offset, window.stride), -perTile};
}

GradientReach gradientReach(const std::vector<Phase> &phases) {
  GradientReach reach;
  bool any = false;
  for (const Phase &phase : phases) {
    if (phase.taps == 0)
      continue;
    int64_t first = phase.gradBase + (phase.taps - 1) * phase.gradStep;
    reach.low = any ? std::min(reach.low, first) : first;
    reach.high = any ? std::max(reach.high, phase.gradBase) : phase.gradBase;
    any = true;
  }
  return reach;
}

TileRange gradientOfInputTile(const Window &window, const GradientReach &reach, int64_t inputs) {
  int64_t perTile = ceilDiv(inputs, window.stride);
  bool any = reach.high >= reach.low;
  return {reach.low, perTile, any ? reach.high + perTile - reach.low : 1};
}

PoolGradTile poolGradTile(const Window &window, int64_t inputs) {
  bool single = inputs >= window.input;
  int64_t step = single ? 0 : inputs / window.stride, owned = single ? window.input : inputs;
  int64_t low = ceilDiv(window.padBefore - (window.reach() - 1), window.stride);
  int64_t high = floorDiv(owned - 1 + window.padBefore, window.stride);
  if (single) {
    low = std::max<int64_t>(low, 0);
    high = std::min(high, window.output - 1);
  }
  high = std::max(high, low);
  PoolGradTile tile;
  tile.windows = {low, step, high - low + 1};
  int64_t firstTap = low * window.stride - window.padBefore;
  int64_t begin = std::min<int64_t>(firstTap, 0);
  int64_t end = std::max(firstTap + window.inputExtent(high - low + 1), owned);
  tile.halo = {begin, single ? 0 : inputs, end - begin};
  tile.ownedOffset = -begin;
  tile.windowOffset = firstTap - begin;
  return tile;
}

int64_t windowCount(const Window &window, int64_t output, int64_t padAfter, bool includePad) {
  int64_t low = includePad ? -window.padBefore : 0,
          high = includePad ? window.input + padAfter : window.input;
  int64_t start = output * window.stride - window.padBefore; // tap k reads start + k * dilation
  int64_t first = std::max<int64_t>(ceilDiv(low - start, window.dilation), 0);
  int64_t behind = std::min(ceilDiv(high - start, window.dilation), window.kernel);
  return std::max<int64_t>(behind - first, 0);
}

std::vector<int64_t> tileSizes(int64_t extent, int64_t multiple) {
  std::vector<int64_t> sizes;
  auto add = [&](int64_t pieces) {
    int64_t size = roundUp(ceilDiv(extent, pieces), multiple);
    if (sizes.empty() || size < sizes.back())
      sizes.push_back(size);
  };
  for (int64_t power = 1; power < 2 * extent; power *= 2) {
    add(power);
    if (power > 1)
      add(power + power / 2);
  }
  add(extent);
  return sizes;
}

} // namespace arsis::schedule
