// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Races and undefined reads between streams: what is ordered is accepted, a missing wait names both
// instances.
#include "tests/SourceFolder.h"
#include "tests/dialects/Isa/Verifier/Programs.h"

#include <fstream>
#include <set>
#include <sstream>

namespace arsis::isa::test {
namespace {

TEST(Verifier, AcceptsAnOrderedPipeline) {
  expectAccepted(head() + "stream load 0\n" + load() + "stream vector 0\n" +
                 relu("after(c0 >= 1) increment(c1)") + "stream store 0\n" + store("after(c1 >= 1)"));
}

TEST(Verifier, MissingWaitIsARace) {
  VerificationResult result = verdict(head() + "stream load 0\n" + load() + "stream vector 0\n" +
                                      relu("increment(c1)") + "stream store 0\n" + store("after(c1 >= 1)"));
  ASSERT_FALSE(result.accepted);
  const Diagnostic &race = result.diagnostics.front();
  EXPECT_EQ(race.kind, Diagnostic::Race);
  EXPECT_EQ(race.memory, "spm");
  EXPECT_EQ(race.begin, 0u);
  EXPECT_EQ(race.end, 256u);
  ASSERT_EQ(race.instances.size(), 2u);
  EXPECT_EQ(race.instances[0].stream, "vector 0");
  EXPECT_EQ(race.instances[1].stream, "load 0");
  EXPECT_EQ(race.message,
            "map at position 0 of vector 0, layer conv1 fwd reads bytes [0, 256) of spm as a, which load at "
            "position 0 of load 0, layer conv1 fwd writes as local; nothing orders the two, expected a wait");
}

TEST(Verifier, WaitThroughAThirdStreamOrders) {
  // The store waits for the vector unit only, which has waited for the load.
  expectAccepted(head() + "stream load 0\n" + load("increment(c0)", "256") + "stream vector 0\n" +
                 "  wait after(c0 >= 1) increment(c1)\n" + "stream store 0\n" + store("after(c1 >= 1)"));
}

TEST(Verifier, ReadersDoNotRace) {
  expectAccepted(head() + "stream load 0\n" + load("increment(c0)", "256") + "stream vector 0\n" +
                 relu("after(c0 >= 1)", "256", "0") + "stream store 0\n" + store("after(c0 >= 1)"));
}

TEST(Verifier, WriteAfterReadNeedsAWaitToo) {
  // The second load overwrites what the relu reads.
  std::string program = head() + "stream load 0\n" + load() + load("SECOND") + "stream vector 0\n" +
                        relu("after(c0 >= 1) increment(c1)") + "stream store 0\n" + store("after(c1 >= 1)");
  auto with = [&](const std::string &wait) {
    return std::string(program).replace(program.find("SECOND"), 6, wait);
  };
  expectRejected(with(""), Diagnostic::Race, "which load at position 1 of load 0");
  expectAccepted(with("after(c1 >= 1)"));
}

TEST(Verifier, AllMembersOfALoopAreChecked) {
  // A ring of two slots: the third load must wait until the first slot was read.
  auto ring = [](const std::string &wait) {
    return head() + "stream load 0\n  loop 6\n" + load(wait + " increment(c0)", "1024 + 256*((i0) mod 2)") +
           "  end_loop\nstream vector 0\n  loop 6\n" +
           relu("after(c0 >= i0 + 1) increment(c1)", "1024 + 256*((i0) mod 2)", "256") +
           "  end_loop\nstream store 0\n" + store("after(c1 >= 6)");
  };
  expectAccepted(ring("after(c1 >= i0 - 1)"));
  VerificationResult result = verdict(ring("after(c1 >= i0 - 2)"));
  ASSERT_FALSE(result.accepted);
  EXPECT_EQ(result.diagnostics.front().kind, Diagnostic::Race);
  EXPECT_EQ(result.diagnostics.size(), 1u) << "a loop repeats the same mistake";
  EXPECT_EQ(result.diagnostics.front().instances[0].loops.size(), 1u);
}

TEST(Verifier, InterleavedSetsDoNotRace) {
  // The load writes columns 0..3 of every row, the relu reads columns 4..7.
  std::string text =
      head() + "stream load 0\n" + load("increment(c0)", "256") +
      "  load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, 8, 4], local=256, localStride=[64, 64, 8, 1], "
      "localType=f32, fill=0\nstream vector 0\n" +
      relu("after(c0 >= 1) increment(c1)", "272", "1024", "[1, 1, 8, 4]") + "stream store 0\n";
  std::string disjoint = text + "  wait after(c1 >= 1)\n";
  VerificationResult result = verdict(disjoint);
  for (const Diagnostic &diagnostic : result.diagnostics)
    EXPECT_EQ(diagnostic.kind, Diagnostic::Host)
        << diagnostic.message; // y is never stored, which is not the point here
  size_t at = text.find("a=272");
  expectRejected(std::string(text).replace(at, 5, "a=268"), Diagnostic::Race, "of spm");
}

TEST(Verifier, ReadOfUnwrittenScratchpad) {
  expectRejected(head() + "stream load 0\n" + load() + "stream vector 0\n" +
                     relu("after(c0 >= 1) increment(c1)", "4", "1024") + "stream store 0\n" +
                     store("after(c1 >= 1)", "1024"),
                 Diagnostic::Undefined, "a reads byte 256 of spm, which was never written");
}

TEST(Verifier, InPlaceMapIsFineAndPartialOverlapIsNot) {
  auto program = [](const std::string &to) {
    return head() + "stream load 0\n" + load() + "stream vector 0\n" +
           relu("after(c0 >= 1) increment(c1)", "0", to) + "stream store 0\n" + store("after(c1 >= 1)", to);
  };
  expectAccepted(program("0"));
  expectRejected(program("4"), Diagnostic::Operand, "destination overlaps operand a");
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Verifier, ResultsAreWrittenOnce) {
  auto program = [](const std::string &load, const std::string &map) {
    return head() + "stream load 0\n" + load + "stream vector 0\n" + map + "stream store 0\n" +
           store("after(c1 >= 1)");
  };
  const std::string map = relu("after(c0 >= 1) increment(c1)");
  const std::string twice = "element is written more than once";
  // A stride of 0 is fine along a dimension of one element only.
  expectAccepted(
      program(load(), replaced(map, "destinationStride=[64, 64, 8, 1]", "destinationStride=[0, 0, 8, 1]")));
  for (const char *strides : {"[64, 64, 0, 1]", "[64, 64, 8, 0]", "[64, 64, 7, 1]"}) {
    expectRejected(program(load(), replaced(map, "destinationStride=[64, 64, 8, 1]",
                                            std::string("destinationStride=") + strides)),
                   Diagnostic::Operand, "destination " + twice);
    expectRejected(
        program(replaced(load(), "localStride=[64, 64, 8, 1]", std::string("localStride=") + strides), map),
        Diagnostic::Operand, "local " + twice);
  }
}

TEST(Verifier, ClampedToNothingIsANoOp) {
  // The store past the edge touches nothing, so it needs no wait.
  expectAccepted(head() + "stream load 0\n" + load() + "stream vector 0\n" +
                 relu("after(c0 >= 1) increment(c1)") + "stream store 0\n" + store("after(c1 >= 1)") +
                 "  store tensor=y, coordinate=[0, 0, 0, 0], box=[1, 1, min(8, 0), 8], local=4096, "
                 "localStride=[64, 64, 8, 1], "
                 "localType=f32\n");
}

std::string convolution() {
  std::ifstream file(arsis::sourceFolder() + "tests/dialects/Isa/Encoding/conv.arsis.s");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Verifier, AcceptsAConvolution) { expectAccepted(convolution()); }

TEST(Verifier, EveryWaitOfTheConvolutionIsNeeded) {
  const std::string text = convolution();
  size_t removed = 0;
  for (size_t at = text.find(" after("); at != std::string::npos; at = text.find(" after(", at + 1)) {
    size_t end = at, depth = 0;
    do {
      depth += text[end] == '(';
      depth -= text[end] == ')';
      ++end;
    } while (depth || text[end - 1] != ')');
    VerificationResult result = verdict(std::string(text).erase(at, end - at));
    EXPECT_FALSE(result.accepted) << "without" << text.substr(at, end - at);
    ++removed;
  }
  EXPECT_EQ(removed, 4u);
}

TEST(Verifier, NamesOfKindsAreDistinct) {
  std::set<std::string> names;
  for (int kind = Diagnostic::Malformed; kind <= Diagnostic::Host; ++kind)
    names.insert(name(Diagnostic::Kind(kind)));
  EXPECT_EQ(names.size(), size_t(Diagnostic::Host) + 1);
}

} // namespace
} // namespace arsis::isa::test
