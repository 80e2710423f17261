// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Who waits for a counter is woken once, when its value is reached.
#include "simulator/units/Counters.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

struct Sleeper final : Waiter {
  int woken = 0;
  void wake() override { ++woken; }
};

TEST(Counters, AWaiterThatAsksAgainIsWokenOnce) {
  isa::Program program;
  program.streams.push_back({isa::StreamKind::Load, 0, {}});
  program.counterStream = {0};
  Counters counters(program);
  Sleeper patient, other;
  for (int i = 0; i < 100; ++i) // a unit at work looks at its blocked head in every wake-up
    counters.subscribe(0, 3, patient);
  counters.subscribe(0, 2, other);
  counters.increment(0);
  EXPECT_EQ(patient.woken + other.woken, 0);
  counters.increment(0);
  EXPECT_EQ(other.woken, 1);
  counters.increment(0);
  EXPECT_EQ(patient.woken, 1);
  counters.increment(0);
  EXPECT_EQ(patient.woken + other.woken, 2);
}

} // namespace
} // namespace arsis::sim::test
