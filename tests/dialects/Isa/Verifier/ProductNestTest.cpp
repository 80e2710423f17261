// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nests of products are walked in one step and judged as if they were walked pair by pair: what is known of a
// part of a nest, and what is wrong with one pair of it.
#include "dialects/Isa/Verifier/ProductNest.h"
#include "tests/dialects/Isa/Verifier/Programs.h"

namespace arsis::isa::test {
namespace {

std::string transfer(int box, int local, const std::string &suffix) {
  return "  load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, " + std::to_string(box) +
         ", 8], local=" + std::to_string(local) + ", localStride=[64, 64, 8, 1], localType=f32, fill=0 " +
         suffix + "\n";
}

/// Weights of four pairs at 0, 64 bytes each, what they multiply at 256, the sum in eight rows. The weights
/// of the first two pairs are overwritten after `reload`.
std::string program(const std::string &reload, const std::string &weights = "64*i0",
                    const std::string &accumulate = "i0", const std::string &loads = "") {
  return "arsis 1\ndram 256\ntensor x input f32 [1, 1, 8, 8] at 0\n"
         "location 0 layer conv1 phase fwd op nn.conv2d\n"
         "counter c0 load 0\ncounter c1 matrix 0\nstream load 0\n" +
         transfer(8, 0, "increment(c0)") + transfer(8, 256, "increment(c0)") + transfer(4, 0, reload) +
         loads +
         "stream matrix 0\n  loop 4\n"
         "    load_weights bank=i0, source=" +
         weights +
         ", kCount=[1, 1, 2], kStride=[0, 0, 8], nCount=8, nStride=1, type=f32 after(c0 >= 2)\n"
         "    multiply bank=i0, source=256 + 8*i0, mCount=[1, 1, 8], mStride=[0, 0, 8], kCount=[1, 1, 2], "
         "kStride=[0, 0, 1], type=f32, acc=0, accStride=[0, 0, 1], accumulate=" +
         accumulate + " after(c0 >= 2) increment(c1)\n  end_loop\n";
}

TEST(ProductNest, IsFoundAroundAPairAlone) {
  const Program found = assemble(program("after(c1 >= 2)"), "test.s");
  const auto nests = findProductNests(found.streams[1]);
  ASSERT_EQ(nests.size(), 1u);
  EXPECT_EQ(nests.begin()->first, 2u); // loop, load_weights, multiply
  EXPECT_EQ(nests.begin()->second.iterations, 4);
}

TEST(ProductNest, EndsAtALoopThatWaitsExtentsOrRingSlotsRead) {
  for (const auto &[from, to] : {std::pair("after(c0 >= 2)\n", "after(c0 >= i0 - 2)\n"),
                                 std::pair("nCount=8", "nCount=min(8, 9 - i0)"),
                                 std::pair("source=256 + 8*i0", "source=256 + 8*((i0) mod 2)")}) {
    std::string text = program("after(c1 >= 2)");
    text.replace(text.rfind(from), std::string(from).size(), to);
    EXPECT_TRUE(findProductNests(assemble(text, "test.s").streams[1]).empty()) << to;
  }
}

TEST(ProductNest, CountsWhatIsWalkedOneByOne) {
  const Program looped = assemble(program("after(c1 >= 4)"), "test.s");
  const chip::Chip chip = chip::Chip::load("tiny");
  const VerificationResult nest = verify(looped, chip), single = verify(unrollLoops(looped), chip);
  ASSERT_TRUE(nest.accepted) << nest.diagnostics.front().message;
  EXPECT_EQ(nest.instances, 3u + 2 * 4);
  EXPECT_EQ(nest.accesses, 3u * 2 + 3 * 4); // tensor and local; weights, source and sum
  EXPECT_EQ(nest.accesses, single.accesses);
}

TEST(ProductNest, APartOfItThatIsOverMayBeOverwritten) { expectAccepted(program("after(c1 >= 2)")); }

TEST(ProductNest, AnIterationThatMayStillReadIsNamed) {
  expectRejected(
      program("after(c1 >= 1)"), Diagnostic::Race,
      "load at position 2 of load 0, layer conv1 fwd writes bytes [64, 128) of spm as local, which "
      "load_weights at position 1 of matrix 0, loops [1], layer conv1 fwd reads as source");
}

TEST(ProductNest, WhatIsKnownGrowsWithinIt) {
  // Each product reads its columns of every row, so that all of the rows are free after the last one only.
  auto overwritten = [](const std::string &after) {
    return program("after(c1 >= 2)", "64*i0", "i0", transfer(8, 256, after));
  };
  expectRejected(overwritten("after(c1 >= 3)"), Diagnostic::Race,
                 "multiply at position 2 of matrix 0, loops [3]");
  expectAccepted(overwritten("after(c1 >= 4)"));
}

TEST(ProductNest, APairOutsideItsMemoryIsNamed) {
  expectRejected(program("after(c1 >= 4)", "32768*i0"), Diagnostic::OutOfRange,
                 "load_weights at position 1 of matrix 0, loops [2], layer conv1 fwd: source touches bytes");
}

TEST(ProductNest, APairThatReadsWhatNobodyWroteIsNamed) {
  expectRejected(program("after(c1 >= 4)", "512*i0"), Diagnostic::Undefined,
                 "load_weights at position 1 of matrix 0, loops [1], layer conv1 fwd: source reads byte 512");
  expectRejected(program("after(c1 >= 4)", "64*i0", "1"), Diagnostic::Undefined,
                 "multiply at position 2 of matrix 0, loops [0], layer conv1 fwd: acc reads byte 0 of acc0");
}

} // namespace
} // namespace arsis::isa::test
