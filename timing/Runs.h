// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The DRAM side of a box of a tensor: contiguous runs of bytes, as long as the strides allow, and what they
// touch of memory's own pieces (bursts, requests, channels). Exact counts in closed form: the offset of a run
// in its first granule repeats, so a dimension is summed over one period. Does not model: when the runs
// travel (simulator/memory/Dram.h), which rows they open.
#pragma once

#include <array>
#include <cstdint>

namespace arsis::timing {

struct Runs {
  int64_t bytes = 0;                        // of one run
  std::array<int64_t, 4> count{0, 1, 1, 1}; // runs, row-major; a dimension that a run swallowed has one
  std::array<int64_t, 4> pitch{};           // bytes between neighbours; zero where the count is one

  int64_t runs() const { return count[0] * count[1] * count[2] * count[3]; }
  int64_t totalBytes() const { return runs() * bytes; }
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
};

/// Over how many of `channels` neighbouring runs are spread when consecutive pieces of `interleaveBytes` go
/// round them: the innermost pitch decides, since only neighbours are in flight together. A single run, or a
/// pitch that is no multiple of the piece, reaches all in the long run.
int64_t channelsReached(const Runs &runs, const Channels &dram);

/// Bytes for which the whole DRAM is occupied: whole bursts, times the channels that stand idle meanwhile.
/// The first run lies at `address`.
double occupiedBytes(const Runs &runs, const Channels &dram, int64_t address = 0);

} // namespace arsis::timing
