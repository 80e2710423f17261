// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Work asks whether it is to stop: seldom, on its own thread, and not again after a yes.
#include "dialects/Isa/Encoding/Interrupt.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace arsis {

using std::chrono::milliseconds;

TEST(Interrupt, NothingStopsOutsideOfAScope) { EXPECT_NO_THROW(checkInterrupt()); }

TEST(Interrupt, AsksSeldomAndStopsForGood) {
  int asked = 0;
  const InterruptScope scope([&] { return ++asked == 2; });
  for (int i = 0; i < 1000; ++i)
    checkInterrupt(); // within the first 50 ms, unless this machine sleeps
  EXPECT_LE(asked, 1);
  while (asked < 2) {
    std::this_thread::sleep_for(milliseconds(60));
    if (asked == 0)
      EXPECT_NO_THROW(checkInterrupt());
    else
      EXPECT_THROW(checkInterrupt(), Interrupted);
  }
  EXPECT_THROW(checkInterrupt(), Interrupted);
  EXPECT_EQ(asked, 2);
}

TEST(Interrupt, AnInnerScopeHidesTheOuterOne) {
  const InterruptScope outer([] { return true; });
  std::this_thread::sleep_for(milliseconds(60));
  {
    const InterruptScope inner([] { return false; });
    std::this_thread::sleep_for(milliseconds(60));
    EXPECT_NO_THROW(checkInterrupt());
  }
  EXPECT_THROW(checkInterrupt(), Interrupted);
}

TEST(Interrupt, AnotherThreadGoesOn) {
  const InterruptScope scope([] { return true; });
  std::this_thread::sleep_for(milliseconds(60));
  std::thread([] { EXPECT_NO_THROW(checkInterrupt()); }).join();
}

} // namespace arsis
