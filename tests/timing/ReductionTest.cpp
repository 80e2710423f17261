// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The steps of a reduction against a list scheduler that places every addition, and the bounds that they
// keep.
#include "timing/Reduction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace arsis::timing {
namespace {

/// The tree as tasks of one lane and one step each, taken farthest from the result first.
int64_t scheduled(int64_t kept, int64_t reduced, int64_t lanes) {
  struct Task {
    int64_t distance = 0, waitsFor = 0, next = -1;
  };
  std::vector<Task> tasks;
  auto add = [&](int64_t next) {
    tasks.push_back({next < 0 ? 1 : tasks[static_cast<size_t>(next)].distance + 1, 0, next});
    if (next >= 0)
      ++tasks[static_cast<size_t>(next)].waitsFor;
    return static_cast<int64_t>(tasks.size()) - 1;
  };
  for (int64_t result = 0; result < kept; ++result) {
    std::array<int64_t, 16> consumer;
    consumer.fill(-1);
    for (int64_t s : {1, 2, 4, 8})
      for (int64_t j = 0; j < s && j + s < reduced; ++j)
        consumer[static_cast<size_t>(j)] = consumer[static_cast<size_t>(j + s)] =
            add(consumer[static_cast<size_t>(j)]);
    for (int64_t i = reduced; i-- > 0;)
      consumer[static_cast<size_t>(i % 16)] = add(consumer[static_cast<size_t>(i % 16)]);
  }
  std::vector<bool> done(tasks.size());
  int64_t steps = 0;
  for (size_t left = tasks.size(); left > 0; ++steps) {
    std::vector<size_t> ready;
    for (size_t i = 0; i < tasks.size(); ++i)
      if (!done[i] && tasks[i].waitsFor == 0)
        ready.push_back(i);
    std::stable_sort(ready.begin(), ready.end(),
                     [&](size_t a, size_t b) { return tasks[a].distance > tasks[b].distance; });
    ready.resize(std::min(ready.size(), static_cast<size_t>(lanes)));
    for (size_t i : ready) {
      done[i] = true;
      --left;
      if (tasks[i].next >= 0)
        --tasks[static_cast<size_t>(tasks[i].next)].waitsFor;
    }
  }
  return steps;
}

TEST(ReductionSteps, AreThoseOfTheBestSchedule) {
  for (int64_t kept : {1, 2, 3, 5})
    for (int64_t reduced = 1; reduced <= 50; reduced += reduced < 34 ? 1 : 7)
      for (int64_t lanes : {1, 2, 3, 5, 7, 8, 12, 16, 17, 24, 32, 47, 48, 79, 80, 81, 1024})
        ASSERT_EQ(reductionSteps(kept, reduced, lanes), scheduled(kept, reduced, lanes))
            << kept << " of " << reduced << " on " << lanes;
}

TEST(ReductionSteps, ObeyTheBoundsOfWorkAndOrder) {
  EXPECT_GE(reductionSteps(64, 4096, 1024), 64 * 4096 / 1024);
  for (int64_t kept : {1, 3, 16, 64, 1000})
    for (int64_t reduced : {1, 2, 15, 16, 17, 49, 1000, 4096, 100000}) {
      EXPECT_EQ(reductionSteps(kept, reduced, 1), kept * (reduced + std::min<int64_t>(reduced, 16) - 1));
      int64_t previous = reductionSteps(kept, reduced, 1);
      for (int64_t lanes = 1; lanes <= 2048; ++lanes) {
        const int64_t steps = reductionSteps(kept, reduced, lanes);
        EXPECT_LE(steps, previous) << kept << " of " << reduced << " on " << lanes;
        EXPECT_GE(steps * lanes, kept * reduced);
        EXPECT_GE(steps * 16, reduced);
        previous = steps;
      }
      EXPECT_EQ(reductionSteps(kept, reduced, 16 * kept), reductionSteps(kept, reduced, 1 << 20));
    }
}

} // namespace
} // namespace arsis::timing
