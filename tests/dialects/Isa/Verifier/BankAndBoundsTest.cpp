// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mistakes of one instance alone: addresses out of range, weight banks, element types, streams and
// requirements that the chip does not meet.
#include "tests/dialects/Isa/Verifier/Programs.h"

namespace arsis::isa::test {
namespace {

std::string weights(const std::string &bank, const std::string &k, const std::string &n = "8") {
  return "  load_weights bank=" + bank + ", source=0, kCount=[1, 1, " + k +
         "], kStride=[0, 0, 8], nCount=" + n + ", nStride=1, type=f32\n";
}
std::string multiply(const std::string &bank, const std::string &k, const std::string &acc = "0",
                     const std::string &accumulate = "0") {
  return "  multiply bank=" + bank + ", source=0, mCount=[1, 1, 4], mStride=[0, 0, 8], kCount=[1, 1, " + k +
         "], kStride=[0, 0, 1], type=f32, acc=" + acc + ", accStride=[0, 0, 1], accumulate=" + accumulate +
         " increment(c3)\n";
}
std::string drain(const std::string &acc = "0", const std::string &n = "8",
                  const std::string &destination = "256") {
  return "  drain acc=" + acc + ", mCount=[1, 1, 4], accStride=[0, 0, 1], nCount=" + n +
         ", destination=" + destination +
         ", destinationStride=[0, 0, 8], columnStride=1, type=f32 after(c3 >= 1)\n";
}
/// Loads x, runs `matrix` after it and `drain` after the first product.
std::string product(const std::string &matrix, const std::string &drains) {
  std::string text = head();
  text.replace(text.find("y output"), 8, "y temporary");
  return text + "counter c3 matrix 0\nstream load 0\n" + load() +
         "stream vector 0\nstream store 0\nstream matrix 0\n" + "  wait after(c0 >= 1)\n" + matrix +
         "stream drain 0\n" + drains;
}

TEST(Bank, ProductOfALoadedBank) { expectAccepted(product(weights("0", "8") + multiply("0", "8"), drain())); }

TEST(Bank, NumberIsTakenModuloTheBanks) {
  expectAccepted(product(weights("1", "8") + multiply("3", "8"), drain()));
  expectRejected(product(weights("1", "8") + multiply("2", "8"), drain()), Diagnostic::Bank,
                 "weight bank 0 was never loaded, expected a load_weights before this product");
}

TEST(Bank, RowsMustAgree) {
  expectRejected(product(weights("0", "8") + multiply("0", "6"), drain()), Diagnostic::Bank,
                 "weight bank 0 holds 8 rows, expected the 6 of this product");
}

TEST(Bank, EmptyLoadLeavesStaleWeights) {
  expectRejected(product(weights("0", "8") + weights("0", "8", "min(8, 0)") + multiply("0", "8"), drain()),
                 Diagnostic::Bank, "weight bank 0 holds stale weights");
}

TEST(Bank, WeightsMustFitTheArray) {
  expectRejected(product(weights("0", "9") + multiply("0", "9"), drain()), Diagnostic::Bank,
                 "weights are 9 by 8, expected at most the 8 by 8 of the array");
}

TEST(Bounds, ScratchpadEnd) {
  std::string text =
      head() + "stream load 0\n" + load("increment(c0)", "65284") + "stream vector 0\nstream store 0\n";
  expectRejected(text, Diagnostic::OutOfRange,
                 "local touches bytes [65284, 65540) of spm, expected within [0, 65536)");
}

TEST(Bounds, BeforeTheScratchpadInTheLastIteration) {
  std::string text = head() + "stream load 0\n  loop 3\n" + load("increment(c0)", "8 - 8*i0") +
                     "  end_loop\nstream vector 0\nstream store 0\n";
  VerificationResult result = verdict(text);
  ASSERT_FALSE(result.accepted);
  EXPECT_EQ(result.diagnostics.front().kind, Diagnostic::OutOfRange);
  EXPECT_EQ(result.diagnostics.front().instances[0].loops, std::vector<int64_t>{2});
}

TEST(Bounds, AccumulatorRows) {
  expectRejected(product(weights("0", "8") + multiply("0", "8", "253"), drain("253")), Diagnostic::OutOfRange,
                 "acc touches bytes [8096, 8224) of acc0, expected within [0, 8192)");
}

TEST(Bounds, DrainWritesEachElementOnce) {
  std::string text = drain();
  text.replace(text.find("columnStride=1"), 14, "columnStride=0");
  expectRejected(product(weights("0", "8") + multiply("0", "8"), text), Diagnostic::Operand,
                 "destination element is written more than once");
}

TEST(Bounds, DrainColumns) {
  expectRejected(product(weights("0", "8") + multiply("0", "8"), drain("0", "9")), Diagnostic::OutOfRange,
                 "drains 9 columns, expected at most 8");
}

TEST(Accumulator, AddingToNothing) {
  expectRejected(product(weights("0", "8") + multiply("0", "8", "0", "1"), drain()), Diagnostic::Undefined,
                 "acc reads byte 0 of acc0, which was never written");
}

TEST(Accumulator, DrainOfColumnsThatNoProductWrote) {
  expectRejected(product(weights("0", "8", "4") + multiply("0", "8"), drain()), Diagnostic::Undefined,
                 "acc reads byte 16 of acc0, which was never written");
}

TEST(Accumulator, ProductDuringDrainIsARace) {
  expectRejected(product(weights("0", "8") + multiply("0", "8") + multiply("0", "8"), drain()),
                 Diagnostic::Race, "of acc0");
}

TEST(Operand, Misaligned) {
  expectRejected(head() + "stream load 0\n" + load("increment(c0)", "2") +
                     "stream vector 0\nstream store 0\n",
                 Diagnostic::Operand, "local starts at byte 2, expected a multiple of the 4 bytes of f32");
}

TEST(Unsupported, IntegersInArithmetic) {
  std::string transfer = load();
  transfer.replace(transfer.find("localType=f32"), 13, "localType=i32");
  expectRejected(head() + "stream load 0\n" + transfer + "stream vector 0\nstream store 0\n",
                 Diagnostic::Unsupported, "localType is i32, expected f32, bf16 or f16");
}

/// The program with every type of an operand replaced.
std::string inType(std::string text, const std::string &type) {
  for (size_t at = 0; (at = text.find("ype=f32", at)) != std::string::npos; at += 7)
    text.replace(at, 7, "ype=" + type);
  return text;
}

TEST(Types, HalvesAreCastByEveryTransferAndMultiplied) {
  for (const char *type : {"f32", "bf16", "f16"}) {
    expectAccepted(inType(product(weights("0", "8") + multiply("0", "8"), drain()), type));
    std::string text = head() + "stream load 0\n" + load() + "stream vector 0\n" +
                       relu("after(c0 >= 1) increment(c1)") + "stream store 0\n" + store("after(c1 >= 1)");
    expectAccepted(inType(text, type));
    text.replace(text.find("x input f32"), 11, std::string("x input ") + type);
    expectAccepted(text);
  }
}

TEST(Types, AProductIsOfOneType) {
  for (const char *type : {"bf16", "f16"})
    for (bool looped : {false, true}) {
      std::string text = inType(weights("0", "8"), type) + multiply("0", "8");
      if (looped)
        text = "loop 3\n" + text.replace(text.find(" increment(c3)"), 14, "") + "end_loop\n" +
               "wait increment(c3)\n";
      expectRejected(product(text, drain()), Diagnostic::Bank,
                     std::string("weight bank 0 holds weights in ") + type +
                         ", expected the f32 of this product");
    }
}

TEST(Types, AProductThatTheArraysDoNotMultiply) {
  const Program program =
      assemble(inType(product(weights("0", "8") + multiply("0", "8"), drain()), "f16"), "t.s");
  const chip::Chip tiny = chip::Chip::load("tiny");
  const VerificationResult accepted = verify(program, tiny);
  ASSERT_TRUE(accepted.accepted);
  auto asks = [](const Requirement &r) { return r.key == "matrix.fp16_passes" && r.value == 1; };
  EXPECT_TRUE(std::any_of(accepted.capacities.begin(), accepted.capacities.end(), asks));
  const VerificationResult rejected = verify(program, tiny.withOverride("matrix.fp16_passes", 0));
  ASSERT_EQ(rejected.diagnostics.size(), 1u);
  EXPECT_EQ(rejected.diagnostics[0].kind, Diagnostic::Chip);
  EXPECT_EQ(rejected.diagnostics[0].message,
            "the program requires matrix.fp16_passes >= 1, found 0 on chip tiny");
  EXPECT_TRUE(verify(program, tiny.withOverride("matrix.fp32_passes", 0)).accepted)
      << "nobody multiplies f32";
}

TEST(Unsupported, IntegersAreNotCast) {
  std::string text = head();
  text.replace(text.find("x input f32"), 11, "x label i32");
  expectRejected(text + "stream load 0\n" + load() + "stream vector 0\nstream store 0\n",
                 Diagnostic::Unsupported, "localType is f32, expected the i32 of the tensor");
}

TEST(ChipFit, StreamTheChipLacks) {
  expectRejected(head() + "stream load 0\nstream vector 0\nstream store 0\nstream matrix 1\n",
                 Diagnostic::Chip,
                 "the program has stream matrix 1, expected at most 1 of kind matrix on chip tiny");
}

TEST(ChipFit, Requirements) {
  auto program = [](const std::string &requirement) {
    std::string text = head();
    text.replace(text.find("y output"), 8, "y temporary");
    return text.insert(text.find("tensor"), "requires " + requirement + "\n") +
           "stream load 0\nstream vector 0\nstream store 0\n";
  };
  expectAccepted(program("matrix.rows == 8"));
  expectRejected(program("matrix.rows == 16"), Diagnostic::Chip,
                 "the program requires matrix.rows == 16, found 8 on chip tiny");
  expectRejected(program("scratchpad.kib >= 65"), Diagnostic::Chip,
                 "the program requires scratchpad.kib >= 65, found 64");
  expectRejected(program("matrix.nothing >= 1"), Diagnostic::Chip, "unknown chip key 'matrix.nothing'");
}

TEST(Malformed, IsADiagnosticAndNotAnException) {
  Program program =
      assemble(head() + "stream load 0\n" + load() + "stream vector 0\nstream store 0\n", "test.s");
  program.streams[0].instructions[0].location = 7;
  VerificationResult result = verify(program, chip::Chip::load("tiny"));
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].kind, Diagnostic::Malformed);
}

} // namespace

/// The relu program with a memory plan whose input buffer has `slots` slots in its 512 bytes.
static std::string planned(int slots, const std::string &inputAt) {
  std::string text =
      head() + "stream load 0\n" + load("increment(c0)", inputAt) + "stream vector 0\nstream store 0\n";
  return text.insert(text.find("counter c0"),
                     "placement spm input 0 512 slots " + std::to_string(slots) + " layer conv1\n");
}

TEST(MemoryPlan, AccessOutsideEveryBufferOfTheLayer) {
  expectRejected(planned(1, "300"), Diagnostic::OutOfRange,
                 "local touches bytes [300, 556) of spm, expected them within one buffer");
}

TEST(MemoryPlan, AccessAcrossTwoSlots) {
  expectRejected(planned(2, "128"), Diagnostic::OutOfRange,
                 "local touches bytes [128, 384) of spm, expected them within one buffer");
}

TEST(MemoryPlan, AccessWithinOneSlotIsFine) {
  size_t outOfRange = 0;
  for (const Diagnostic &diagnostic : verdict(planned(2, "256")).diagnostics)
    outOfRange += diagnostic.kind == Diagnostic::OutOfRange;
  EXPECT_EQ(outOfRange, 0u);
}

} // namespace arsis::isa::test
