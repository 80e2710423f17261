// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops in order with their trip counts, and where a buffer that depends on some of them is filled: directly
// inside the innermost loop it depends on, hoisted over loops that do not change it.
#ifndef ARSIS_COMPILER_SCHEDULE_LOOPORDER_H
#define ARSIS_COMPILER_SCHEDULE_LOOPORDER_H

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <cstdint>

namespace arsis::schedule {

struct LoopOrder {
  boost::container::static_vector<int64_t, 12> counts;

  static constexpr int kTop = -1;
  /// `dependsOn` has bit i set for loop i. The result is the loop's position or kTop.
  int level(unsigned dependsOn) const {
    for (int i = int(counts.size()) - 1; i >= 0; --i)
      if (counts[i] > 1 && (dependsOn >> i & 1))
        return i;
    return kTop;
  }
  /// How often a body at this level runs.
  int64_t times(int level) const {
    int64_t times = 1;
    for (int i = 0; i <= level; ++i)
      times *= counts[i];
    return times;
  }
  /// Slots of a ring filled at this level: one if it is filled once.
  int64_t slots(int level, int64_t wanted) const { return times(level) > 1 ? wanted : 1; }
  /// Loops of more than one iteration.
  int64_t depth() const {
    return std::count_if(counts.begin(), counts.end(), [](int64_t count) { return count > 1; });
  }
};

} // namespace arsis::schedule

#endif
