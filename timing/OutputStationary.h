// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How tiles of sums follow each other through an output-stationary systolic array of R x C PEs with shift-out
// buffers.
//
// The array. A tile is m x n sums of k products. Operands enter from the left, one column of the left factor
// per cycle, and from the top, one row of the right factor per cycle; those of row r of the array r cycles
// late, those of column c c cycles late; both move on by one PE per cycle. A PE multiplies in a pipeline and
// adds to its own sum, which takes L cycles (matrix.pe_latency_cycles) for one product, and a product every
// cycle: all but the addition may be pipelined. The finished sum moves to a buffer beside it in a cycle of
// its own, so that the next tile can begin at once. A column's buffers wait for that of its last row, then
// move down together, one PE per cycle, and leave, the last row first, through a register at the port.
//
// Sums leave a column through one port, in order, below the last row that has some: rows further down are
// passed by (the wires past them are assumed). Where a tile has fewer rows than the one before and would meet
// its sums at the port, its own go on down as many rows as it takes.
//
// A tile that begins in cycle f, with D = f + k and sums that pass d rows (d = m unless the tile before is in
// the way): first sum in D + L + d, last one in D + L + d + m - 1 + n - 1, each the cycle in which the
// register at the port holds it. A tile waits until its sums find the buffers free: D is at least that of
// the tile before plus its rows. So T tiles of depth K >= R stream in T K + 2 R + C - 2 + L cycles, and below
// that the buffers bound it: K + (T - 1) R + 2 R + C - 2 + L. Held, cycle for cycle and value for value, to
// a model of every PE and to RTL in tests/fidelity. Does not model: where operands come from, sums that do
// not begin at zero.
#pragma once

#include "timing/WeightStationary.h"

namespace arsis::timing {

/// The ports of one array, and when they are free. Tiles are given in order, none before the array says.
class OutputStationary {
public:
  explicit OutputStationary(int64_t peLatencyCycles) : latency(peLatencyCycles) {}

  /// When a tile of `m` rows and depth `k` can begin.
  int64_t feedFrom(int64_t k, int64_t m) const { return std::max(feedFree, buffersFree - k); }
  /// It begins in cycle `at`; at least one of each.
  ArrayProduct feed(int64_t at, int64_t k, int64_t m, int64_t n) {
    feedFree = at + k;
    const int64_t depth = std::max(m, portFree - feedFree);
    buffersFree = feedFree + m;
    portFree = feedFree + depth + m;
    const int64_t first = feedFree + latency + depth;
    return {feedFree, first, first + m - 1 + n - 1};
  }

  const int64_t latency;

private:
  int64_t feedFree = 0;    // the operands of the tiles so far have entered
  int64_t buffersFree = 0; // earliest cycle after the last operands of the next tile
  int64_t portFree = 0;    // that cycle and the rows which the sums pass, so that they find the port free
};

} // namespace arsis::timing
