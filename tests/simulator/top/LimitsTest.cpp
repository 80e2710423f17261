// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs at the limits: time ends in one error, initial values follow the strides, and no instruction makes
// the machine hold more than the memories of its chip.
#include "tests/MessageOf.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

std::string fill(const std::string &count, const std::string &stride = "[0, 0, 0, 1]") {
  return "  map function=fill, count=" + count + ", destination=0, destinationStride=" + stride +
         ", destinationType=f32, a=0, aStride=[0, 0, 0, 0], aType=f32, b=0, bStride=[0, 0, 0, 0], bType=f32, "
         "c=0, cStride=[0, 0, 0, 0], cType=f32, immediate=1\n";
}
const std::string kVector = "arsis 1\ndram 4\nstream vector 0\n";
const std::string kTooLate = "the simulated time exceeds 9223 s, expected a step that ends before";

TEST(Time, EndsWhere63BitsOfFemtosecondsDo) {
  const Clock clock(1); // MHz: a cycle is 10^9 fs
  EXPECT_EQ(clock.femtoseconds(9223372036), 9223372036000000000);
  EXPECT_EQ(messageOf([&] { clock.femtoseconds(9223372037); }), kTooLate);
  EXPECT_EQ(messageOf([&] { clock.femtoseconds(kNever); }), kTooLate);
  EXPECT_EQ(messageOf([&] { Clock::later(INT64_MAX, 1); }), kTooLate);
  EXPECT_EQ(Clock::times(1 << 20, 1 << 20), int64_t(1) << 40);
  EXPECT_EQ(messageOf([&] { Clock::times(int64_t(1) << 40, int64_t(1) << 40); }), kTooLate);
}

/// A slow chip: 16384 elements take 16.384 s.
RunRecord slowSteps(int count) {
  const chip::Chip chip =
      chipWith({{"clock.core_mhz", 1}, {"vector.lanes", 1}, {"vector.cycles_simple", 1000}});
  return timing(*programOf(kVector + "  loop " + std::to_string(count) + "\n" + fill("[1, 1, 1, 16384]") +
                           "  end_loop\n"),
                chip);
}

TEST(Time, AStepOfTwoHoursRuns) {
  const RunRecord record = slowSteps(500);
  EXPECT_NEAR(record.totalNanoseconds, 500 * 16.384e9, 1e9);
}
TEST(Time, AStepThatIsTooLongIsOneError) {
  EXPECT_EQ(messageOf([] { slowSteps(1000); }), kTooLate);
}

TEST(Time, ASlowMemoryIsOneErrorToo) {
  // 1 MiB at 1 MB/s takes 1.05 s; 10,000 of them 2.9 hours.
  const std::string text = "arsis 1\ndram 1048576\ntensor x input f32 [1, 1, 1, 262144] at 0\nstream load 0\n"
                           "  loop 10000\n    load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, 1, 262144], "
                           "local=0, localStride=[0, 0, 0, 1], localType=f32, fill=0\n  end_loop\n";
  const chip::Chip chip = chipWith({{"dram.bandwidth_gbps", 0.001}, {"scratchpad.kib", 1024}});
  EXPECT_EQ(messageOf([&] { timing(*programOf(text), chip); }), kTooLate);
}

TEST(Initial, ElementsGoWhereTheStridesHaveThem) {
  // Rows two words apart, columns eight: chip layout 1 2 3 4 5 6, so x reads back as that.
  const std::string text =
      "arsis 1\ndram 96\ntensor x parameter f32 [1, 1, 2, 3] stride [0, 0, 2, 8] at 4 observable\n"
      "initial x hex\n  | 0000803f0000004000004040000080400000a0400000c040\n";
  Session session(chipWith({}), programOf(text), Verification::Skipped);
  EXPECT_EQ(read(session, "x"), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(Initial, ASplatFillsTheElementsAndNothingBetweenThem) {
  // y lies in the gaps of x: x in words 1, 3, 9, 11, 17, 19, y in the words behind.
  const std::string text =
      "arsis 1\ndram 96\ntensor x parameter f32 [1, 1, 2, 3] stride [0, 0, 2, 8] at 4 observable\n"
      "tensor y parameter f32 [1, 1, 2, 3] stride [0, 0, 2, 8] at 8 observable\n"
      "initial y splat 0x40000000\ninitial x splat 0\n";
  Session session(chipWith({}), programOf(text), Verification::Skipped);
  EXPECT_EQ(read(session, "x"), std::vector<float>(6, 0.0f));
  EXPECT_EQ(read(session, "y"), std::vector<float>(6, 2.0f));
}

TEST(Initial, OfATensorWhoseElementsOverlapIsRefused) {
  // 64 elements in 4 bytes of memory: the 256 bytes of the file have no place.
  std::string text =
      "arsis 1\ndram 4\ntensor x parameter f32 [1, 1, 1, 64] stride [0, 0, 0, 0] at 0 observable\n"
      "initial x hex\n  | " +
      std::string(512, '7') + "\n";
  EXPECT_EQ(messageOf([&] { programOf(text); }),
            "test.arsis.s:5:1: tensor 'x': elements overlap, dimension 3 has stride 0, expected at least 1");
}

TEST(Held, AResultFitsItsMemory) {
  const std::string matrix =
      "arsis 1\ndram 4\nstream matrix 0\n  load_weights bank=0, source=0, kCount=[1, 1, 1], "
      "kStride=[0, 0, 0], nCount=1, nStride=1, type=f32\n  multiply bank=0, source=0, "
      "mCount=[1073741824, 1, 1], mStride=[0, 0, 0], kCount=[1, 1, 1], kStride=[0, 0, 0], "
      "type=f32, acc=0, accStride=[0, 0, 0], accumulate=0\n";
  const std::string gradient =
      "  pool_grad function=sum, count=[1073741824, 1, 1, 1], x=0, xStride=[0, 0, 0, 0], "
      "gradient=0, gradientStride=[0, 0, 0, 0], window=[1, 1], windowStride=[0, 0], "
      "destination=32\n";
  const std::pair<std::string, std::string> cases[] = {
      {kVector + fill("[1073741824, 1, 1, 1]", "[0, 0, 0, 0]"),
       "vector 0, instruction 0 (map): destination has 1073741824 elements in a memory of 16384, expected "
       "each once"},
      {kVector + gradient, "vector 0, instruction 0 (pool_grad): gradient has 1073741824 elements in a "
                           "memory of 16384, expected each "
                           "once"},
      {matrix,
       "matrix 0, instruction 1 (multiply): acc has 1073741824 rows in a memory of 256, expected each once"}};
  for (const auto &[text, message] : cases)
    for (Mode mode : {Mode::Full, Mode::TimingOnly, Mode::FunctionalOnly})
      EXPECT_EQ(messageOf([&] {
                  Session(chipWith({}), programOf(text), Verification::Skipped).run({mode, {}, {}});
                }),
                message);
}

TEST(Held, AStoreHoldsWhatLiesInsideItsTensor) {
  // A box of 2^31 elements, four of them in the tensor.
  const std::string text =
      "arsis 1\ndram 16\ntensor y output f32 [1, 1, 2, 2] at 0\ncounter c0 vector 0\nstream vector 0\n" +
      fill("[1, 1, 1, 16]").insert(fill("[1, 1, 1, 16]").size() - 1, " increment(c0)") +
      "stream store 0\n  store tensor=y, coordinate=[0, 0, -3, 0], box=[1, 1, 1073741824, 2], local=0, "
      "localStride=[0, 0, 2, 1], localType=f32 after(c0 >= 1)\n";
  Session session(chipWith({}), programOf(text), Verification::Skipped);
  session.run({Mode::FunctionalOnly, {}, {}});
  EXPECT_EQ(read(session, "y"), std::vector<float>(4, 1.0f));
}

TEST(Budget, IsThatOfEveryRun) {
  Session session(chipWith({}), programOf(kVector + "  loop 10\n" + fill("[1, 1, 1, 16]") + "  end_loop\n"),
                  Verification::Skipped);
  RunOptions options;
  EXPECT_EQ(messageOf([&] { session.run(options); }), "no error");
  options.maxInstances = 9;
  EXPECT_EQ(messageOf([&] { session.run(options); }),
            "the program has 10 instances, expected at most 9 (--max-instances)");
  options.maxInstances = 10;
  options.maxWork = 159;
  EXPECT_EQ(messageOf([&] { session.run(options); }),
            "the program visits 160 elements, expected at most 159 (--max-work)");
  options.mode = Mode::TimingOnly; // has no transfers
  EXPECT_EQ(messageOf([&] { session.run(options); }), "no error");
}

TEST(Held, ATraceIsBounded) {
  const auto program = programOf(kVector + "  loop 100000000\n    wait\n  end_loop\n");
  EXPECT_EQ(
      messageOf([&] {
        Session(chipWith({}), program, Verification::Skipped).run({Mode::TimingOnly, {}, "/tmp/never.json"});
      }),
      "the program has 100000000 instances, expected at most 16777216 for a trace");
}

TEST(Requirements, OfARealValuedKey) {
  auto requires_ = [](const std::string &text) {
    return programOf("arsis 1\ndram 4\nrequires " + text + "\n");
  };
  EXPECT_EQ(messageOf([&] { Session(chipWith({}), requires_("dram.tcl_ns >= 13")); }), "no error");
  EXPECT_EQ(messageOf([&] { Session(chipWith({}), requires_("dram.tcl_ns >= 14")); }),
            "chip tiny cannot run this program, it needs dram.tcl_ns >= 14, found 13.75");
}

} // namespace
} // namespace arsis::sim::test
