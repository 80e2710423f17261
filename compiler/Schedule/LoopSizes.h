// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the sizes in the body of a loop change with its index.
#ifndef ARSIS_COMPILER_SCHEDULE_LOOPSIZES_H
#define ARSIS_COMPILER_SCHEDULE_LOOPSIZES_H

#include "compiler/Schedule/Layout.h"

namespace arsis::schedule {

/// Indices of the loops around a node, by depth.
using Indices = std::array<int64_t, kDeepest>;

class LoopSizes {
public:
  /// Of all loops of a layout, which must outlive this.
  void prepare(const Layout &layout);

  /// The last iteration of the loop at node `loop`, from `i` on, in which all sizes of the body are what they
  /// are in iteration `i`. `index` has the loops around it, `depth` is its own.
  int64_t alikeUntil(size_t loop, size_t depth, int64_t i, const Indices &index) const;

private:
  /// A clamped extent that changes with the index of a loop around it, and how far the loops in between move
  /// its limit.
  struct Edge {
    const Extent *extent;
    int64_t least, most;
    int next; // of the same loop, or kNone
  };
  static constexpr int kNone = -1;

  const Layout *layout = nullptr;
  std::vector<int> first; // edge of each node
  std::vector<Edge> edges;
  std::vector<size_t> open; // loops around a node
};

} // namespace arsis::schedule

#endif
