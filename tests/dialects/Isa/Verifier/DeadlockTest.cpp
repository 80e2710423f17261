// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Deadlocks: a cycle is named, a counter that ends too low is named, every blocked instance is listed.
#include "tests/dialects/Isa/Verifier/Programs.h"

namespace arsis::isa::test {
namespace {

TEST(Deadlock, CycleOfTwoStreams) {
  VerificationResult result =
      verdict(head() + "stream load 0\n" + load("after(c1 >= 1) increment(c0)") + "stream vector 0\n" +
              relu("after(c0 >= 1) increment(c1)") + "stream store 0\n" + store("after(c1 >= 1)"));
  ASSERT_FALSE(result.accepted);
  const Diagnostic &deadlock = result.diagnostics.back();
  ASSERT_EQ(deadlock.kind, Diagnostic::Deadlock);
  EXPECT_EQ(deadlock.instances.size(), 3u);
  EXPECT_NE(deadlock.message.find("load at position 0 of load 0, layer conv1 fwd waits for c1 >= 1, found 0"),
            std::string::npos)
      << deadlock.message;
  EXPECT_NE(deadlock.message.find("cycle: load 0 waits for vector 0 waits for load 0"), std::string::npos)
      << deadlock.message;
}

TEST(Deadlock, WaitBeyondTheLastIncrement) {
  expectRejected(head() + "stream load 0\n" + load() + "stream vector 0\n" +
                     relu("after(c0 >= 2) increment(c1)") + "stream store 0\n" + store("after(c1 >= 1)"),
                 Diagnostic::Deadlock, "waits for c0 >= 2, found 1, which is final as load 0 has ended");
}

TEST(Deadlock, WaitForItsOwnFuture) {
  expectRejected(head() + "stream load 0\n" + load("after(c0 >= 1) increment(c0)") +
                     "stream vector 0\nstream store 0\n",
                 Diagnostic::Deadlock, "cycle: load 0 waits for load 0");
}

TEST(Deadlock, InTheMiddleOfALoopNamesTheIteration) {
  VerificationResult result =
      verdict(head() + "stream load 0\n  loop 4\n" + load("after(c1 >= 2*i0 - 2) increment(c0)") +
              "  end_loop\nstream vector 0\n  loop 4\n" + relu("after(c0 >= i0 + 1) increment(c1)") +
              "  end_loop\nstream store 0\n" + store("after(c1 >= 4)"));
  ASSERT_FALSE(result.accepted);
  const Diagnostic &deadlock = result.diagnostics.back();
  ASSERT_EQ(deadlock.kind, Diagnostic::Deadlock) << deadlock.message;
  ASSERT_FALSE(deadlock.instances.empty());
  EXPECT_EQ(deadlock.instances[0].loops, std::vector<int64_t>{3});
}

TEST(Deadlock, ValuesOfZeroAndLessAreSatisfied) {
  expectAccepted(head() + "stream load 0\n" + load("after(c1 >= 0, c2 >= -5) increment(c0)") +
                 "stream vector 0\n" + relu("after(c0 >= 1) increment(c1)") + "stream store 0\n" +
                 store("after(c1 >= 1)"));
}

} // namespace
} // namespace arsis::isa::test
