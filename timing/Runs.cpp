// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Runs.h.
#include "timing/Runs.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace arsis::timing {
namespace {

int64_t floorQuotient(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t floorRemainder(int64_t a, int64_t b) { return a - floorQuotient(a, b) * b; }

/// Granules of nested dimensions, by the offset ("phase") of their first byte in its granule.
class GranuleCount {
public:
  GranuleCount(const Runs &runs, int64_t granule) : runs(runs), granule(granule) {
    lastByte[4] = runs.bytes - 1;
    for (size_t d = 4; d-- > 0;) {
      lastByte[d] = lastByte[d + 1] + (runs.count[d] - 1) * runs.pitch[d];
      period[d] = granule / std::gcd(granule, runs.pitch[d]);
    }
    for (size_t d = 0; d < 4; ++d)
      step = std::gcd(step, runs.count[d] > 1 ? runs.pitch[d] : granule);
    step = std::gcd(step, granule);
  }

  /// Of the dimensions from `d` on. `outerVaries`: it is asked for several phases, so that they are kept.
  int64_t from(size_t d, int64_t phase, bool outerVaries = false) {
    while (d < 4 && runs.count[d] == 1)
      ++d;
    if (d == 4)
      return (phase + runs.bytes - 1) / granule + 1;
    if (!outerVaries)
      return sum(d, phase, false);
    std::vector<int64_t> &known = results[d];
    if (known.empty())
      known.assign(static_cast<size_t>(granule / step), -1);
    int64_t &result = known[static_cast<size_t>(phase / step)];
    if (result < 0)
      result = sum(d, phase, true);
    return result;
  }

private:
  int64_t sum(size_t d, int64_t phase, bool outerVaries) {
    const int64_t count = runs.count[d], pitch = runs.pitch[d];
    const int64_t full = count / period[d], rest = count % period[d];
    int64_t total = 0;
    for (int64_t i = 0; i < std::min(count, period[d]); ++i) {
      const int64_t at = floorRemainder(phase + i * pitch, granule);
      const int64_t instances = full + (i < rest);
      const int64_t followed = instances - ((count - 1) % period[d] == i);
      const bool shared = floorQuotient(at + lastByte[d + 1], granule) == floorQuotient(at + pitch, granule);
      total += instances * from(d + 1, at, outerVaries || period[d] > 1) - followed * shared;
    }
    return total;
  }

  const Runs &runs;
  const int64_t granule;
  std::array<int64_t, 5> lastByte{};           // of the dimensions from d on, counted from their first
  std::array<int64_t, 4> period{};             // of the phase along a dimension
  int64_t step = 0;                            // of phases that occur, but for a common offset below it
  std::array<std::vector<int64_t>, 4> results; // by phase / step
};

} // namespace

Runs contiguousRuns(const std::array<int64_t, 4> &count, const std::array<int64_t, 4> &stride,
                    int64_t elementBytes) {
  Runs runs;
  if (std::any_of(count.begin(), count.end(), [](int64_t n) { return n <= 0; }))
    return runs;
  runs.count = {1, 1, 1, 1};
  int64_t run = 1; // elements
  bool contiguous = true;
  size_t outer = 4;
  for (size_t d = 4; d-- > 0;) {
    if (count[d] == 1)
      continue;
    if (contiguous && stride[d] == run) {
      run *= count[d];
      continue;
    }
    contiguous = false;
    --outer;
    runs.count[outer] = count[d];
    runs.pitch[outer] = stride[d] * elementBytes;
  }
  runs.bytes = run * elementBytes;
  return runs;
}

Runs runsOfBox(const std::array<int64_t, 4> &tensor, const std::array<int64_t, 4> &box,
               int64_t elementBytes) {
  std::array<int64_t, 4> inside, stride;
  int64_t elements = 1;
  for (size_t d = 4; d-- > 0;) {
    inside[d] = std::min(box[d], tensor[d]);
    stride[d] = elements;
    elements *= tensor[d];
  }
  return contiguousRuns(inside, stride, elementBytes);
}

int64_t granulesTouched(const Runs &runs, int64_t address, int64_t granule) {
  if (runs.runs() == 0)
    return 0;
  return GranuleCount(runs, granule).from(0, address % granule);
}

int64_t channelsReached(const Runs &runs, const Channels &dram) {
  for (size_t d = 4; d-- > 0;)
    if (runs.count[d] > 1) {
      if (runs.pitch[d] % dram.interleaveBytes != 0)
        return dram.channels;
      const int64_t apart = dram.channels / std::gcd(runs.pitch[d] / dram.interleaveBytes, dram.channels);
      const int64_t pieces = (runs.bytes + dram.interleaveBytes - 1) / dram.interleaveBytes;
      return std::min(dram.channels, apart * pieces);
    }
  return dram.channels;
}

double occupiedBytes(const Runs &runs, const Channels &dram, int64_t address) {
  const auto bytes = static_cast<double>(granulesTouched(runs, address, dram.burstBytes) * dram.burstBytes);
  return bytes * static_cast<double>(dram.channels) / static_cast<double>(channelsReached(runs, dram));
}

} // namespace arsis::timing
