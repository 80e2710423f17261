// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM side of a box of a tensor: contiguous runs of bytes, as long as the strides allow, and what they
// touch of memory's own pieces (bursts, requests, channels). Exact counts in closed form: the offset of a run
// in its first granule repeats, so a dimension is summed over one period. Does not model: when the runs
// travel (simulator/memory/Dram.h), which rows they open.
#pragma once

#include "timing/Dram.h"

#include <array>
#include <cstdint>
#include <vector>

namespace arsis::timing {

struct Runs {
  int64_t bytes = 0;                        // of one run
  std::array<int64_t, 4> count{0, 1, 1, 1}; // runs, row-major; a dimension that a run swallowed has one
  std::array<int64_t, 4> pitch{};           // bytes between neighbours; zero where the count is one

  int64_t runs() const { return count[0] * count[1] * count[2] * count[3]; }
  int64_t totalBytes() const { return runs() * bytes; }
  /// From the first byte to behind the last.
  int64_t span() const {
    int64_t all = bytes;
    for (size_t d = 0; d < count.size(); ++d)
      all += (count[d] - 1) * pitch[d];
    return all;
  }
};

/// The longest contiguous runs of a box of `count` elements with strides in elements. No runs if the box is
/// empty.
Runs contiguousRuns(const std::array<int64_t, 4> &count, const std::array<int64_t, 4> &stride,
                    int64_t elementBytes);

/// The runs of a box, cut to the tensor, of a dense row-major tensor.
Runs runsOfBox(const std::array<int64_t, 4> &tensor, const std::array<int64_t, 4> &box, int64_t elementBytes);

/// Whole granules (bursts, or requests) that the runs touch one after the other, the first run at `address`.
/// A granule that the run before ended in is not touched again; one that an earlier run touched is.
/// REQUIRES: address >= 0, granule > 0.
int64_t granulesTouched(const Runs &runs, int64_t address, int64_t granule);

/// How a DRAM cuts and spreads its addresses; keys `dram.*` of the chip.
struct Channels {
  int64_t channels = 1, interleaveBytes = 64, burstBytes = 64;
  bool permuted = false; // rounds over the channels

  /// REQUIRES: piece >= 0.
  int64_t channelOf(int64_t piece) const {
    const int64_t round = piece / channels;
    return (permuted ? piece + turnOf(round, round / channels) : piece) % channels;
  }
};

/// Whole bursts that the runs ask of each channel, the first run at `address`, counted as granulesTouched
/// does. REQUIRES: address >= 0, rounds that are not permuted, an interleave of whole bursts.
std::vector<int64_t> burstsOfChannels(const Runs &runs, const Channels &dram, int64_t address);

/// The fullest channel's bursts, for one box and in a long row of boxes.
struct ChannelLoad {
  int64_t bursts = 0;    // of all channels
  double fullest = 0;    // of the fullest channel
  double inSequence = 0; // of the fullest channel, mean over boxes each `step` bytes behind the one before
  double byChance = 0;   // share of the bursts that lie in any channel, by the hash of their address
};
/// Rounds over the channels that are permuted: expected, whatever the step. Otherwise exact; a step that is
/// no multiple of the interleave reaches all channels in the long run, one shorter than it too late to count.
ChannelLoad channelLoad(const Runs &runs, const Channels &dram, int64_t address, int64_t step);

/// Bytes for which the whole DRAM is occupied if all channels are as full as the fullest.
double occupiedBytes(const Runs &runs, const Channels &dram, int64_t address = 0);

/// Rows of `rowBytes` bytes that the runs visit one after the other, mean over where in a row they begin.
double meanRowVisits(const Runs &runs, int64_t rowBytes);
/// Of these, the rows that a box finds closed in a long row of boxes, each `step` bytes behind the one
/// before, if the last `banks` rows are open and nobody else comes between.
double rowsOpened(const Runs &runs, int64_t rowBytes, int64_t banks, bool permuted, int64_t step);

} // namespace arsis::timing
