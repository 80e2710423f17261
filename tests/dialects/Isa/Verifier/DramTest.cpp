// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DRAM: what the host wrote may be read, temporaries must be stored first, tensors that share bytes must not
// live at once, and what the host reads must be there at the end.
#include "tests/dialects/Isa/Verifier/Programs.h"

namespace arsis::isa::test {
namespace {

/// x and y as in head(), and two temporaries at the given addresses.
std::string headWithTemporaries(int t, int u) {
  std::string text = head();
  return text.replace(text.find("dram 512"), 8, "dram 2048")
      .insert(text.find("location"), "tensor t temporary f32 [1, 1, 8, 8] at " + std::to_string(t) +
                                         "\ntensor u temporary f32 [1, 1, 8, 8] at " + std::to_string(u) +
                                         "\n");
}
std::string on(const std::string &tensor, std::string transfer) {
  return transfer.replace(transfer.find("tensor=") + 7, 1, tensor);
}

/// Stores x to t, then to u, then brings t back and stores it to y.
std::string spill(int t, int u, const std::string &order) {
  return headWithTemporaries(t, u) + "stream load 0\n" + load() +
         on("t", load("after(" + order + ") increment(c0)", "512")) + "stream vector 0\n" +
         "stream store 0\n" + on("t", store("after(c0 >= 1) increment(c2)", "0")) +
         on("u", store("increment(c2)", "0")) + store("after(c0 >= 2)", "512");
}

TEST(Dram, SpillAndReload) { expectAccepted(spill(512, 1024, "c2 >= 1")); }

TEST(Dram, ReloadWithoutWaitIsARaceOnDram) {
  expectRejected(spill(512, 1024, "c2 >= 0"), Diagnostic::Race, "of dram (tensor 't')");
}

TEST(Dram, OverlappingTensorsOutOfOrder) {
  // u overwrites half of t before t is read back: ordered, so no race, but t is gone.
  expectRejected(
      spill(512, 640, "c2 >= 2"), Diagnostic::Undefined,
      "reads tensor 't' at byte 640 of dram, which was never written, or was overwritten through tensor 'u'");
}

TEST(Dram, OverlappingTensorsRace) {
  expectRejected(spill(512, 640, "c2 >= 1"), Diagnostic::Race, "of dram (tensor 't', 'u')");
}

TEST(Dram, SharedBytesWhenLivesDoNotOverlap) {
  // u is stored after t was read back.
  expectAccepted(headWithTemporaries(512, 640) + "stream load 0\n" + load() +
                 on("t", load("after(c2 >= 1) increment(c0)", "512")) +
                 on("u", load("after(c2 >= 2) increment(c0)", "768")) + "stream vector 0\nstream store 0\n" +
                 on("t", store("after(c0 >= 1) increment(c2)", "0")) +
                 on("u", store("after(c0 >= 2) increment(c2)", "512")) + store("after(c0 >= 3)", "768"));
}

TEST(Dram, TensorsAtTheSameBytesAreStillTwo) {
  expectRejected(spill(512, 512, "c2 >= 2"), Diagnostic::Undefined, "overwritten through tensor 'u'");
}

TEST(Dram, AnAliasIsTheSameBuffer) {
  // t is stored as t@1x1x1x64 and read back as t.
  std::string text = headWithTemporaries(512, 1024);
  text.replace(text.find("tensor u temporary f32 [1, 1, 8, 8] at 1024"), 43,
               "tensor \"t@1x1x1x64\" temporary f32 [1, 1, 1, 64] at 512 alias t");
  std::string flat = store("after(c0 >= 1) increment(c2)", "0");
  flat.replace(flat.find("tensor=y, coordinate=[0, 0, 0, 0], box=[1, 1, 8, 8]"), 51,
               "tensor=\"t@1x1x1x64\", coordinate=[0, 0, 0, 0], box=[1, 1, 1, 64]");
  expectAccepted(text + "stream load 0\n" + load() + on("t", load("after(c2 >= 1) increment(c0)", "512")) +
                 "stream vector 0\nstream store 0\n" + flat + store("after(c0 >= 2)", "512"));
}

TEST(Dram, UninitialisedTemporary) {
  expectRejected(headWithTemporaries(512, 1024) + "stream load 0\n" + on("t", load()) +
                     "stream vector 0\nstream store 0\n" + store("after(c0 >= 1)", "0"),
                 Diagnostic::Undefined,
                 "reads tensor 't' at byte 512 of dram, which was never written, expected an earlier store");
}

TEST(Dram, InitialValueCounts) {
  std::string program = headWithTemporaries(512, 1024) + "stream load 0\n" + on("t", load()) +
                        "stream vector 0\nstream store 0\n" + store("after(c0 >= 1)", "0");
  Program initialised = assemble(program, "test.s");
  initialised.initials.push_back({2, Splat{}});
  EXPECT_TRUE(verify(initialised, chip::Chip::load("tiny")).accepted);
}

TEST(Dram, OutputMustBeComplete) {
  std::string half = store("after(c0 >= 1)", "0");
  half.replace(half.find("box=[1, 1, 8, 8]"), 16, "box=[1, 1, 4, 8]");
  expectRejected(head() + "stream load 0\n" + load() + "stream vector 0\nstream store 0\n" + half,
                 Diagnostic::Host,
                 "tensor 'y' byte 384 of dram was never written, expected the tensor's own value at the end "
                 "of the step");
}

TEST(Dram, ParameterMustSurvive) {
  std::string text = head();
  text.replace(text.find("x input"), 7, "x parameter");
  text.replace(text.find("at 256"), 6, "at 128");
  expectRejected(text + "stream load 0\n" + load() + "stream vector 0\nstream store 0\n" +
                     store("after(c0 >= 1)", "0"),
                 Diagnostic::Host,
                 "tensor 'x' byte 128 of dram was never written, or was overwritten through tensor 'y'");
}

TEST(Dram, HostTensorsMustNotShareBytes) {
  std::string text = head();
  text.replace(text.find("y output"), 8, "y parameter");
  text.replace(text.find("at 256"), 6, "at 128");
  expectRejected(text + "stream load 0\nstream vector 0\nstream store 0\n", Diagnostic::Host,
                 "tensor 'x' shares bytes with tensor 'y'");
}

TEST(Dram, CompletionMustBeTrue) {
  auto program = [](const std::string &symbol) {
    std::string text = head();
    text.insert(text.find("\n", text.find("at 256")), " complete " + symbol);
    return text + "stream load 0\n" + load() + "stream vector 0\nstream store 0\n" +
           store("after(c0 >= 1) increment(c2)", "0") + store("increment(c2)", "0");
  };
  expectAccepted(program("c2 >= 2"));
  expectRejected(program("c2 >= 1"), Diagnostic::Host,
                 "is announced as complete at c2 >= 1, but stream store 0 stores to it after that");
  expectRejected(program("c2 >= 3"), Diagnostic::Host, "but the counter ends at 2");
}

TEST(Dram, TensorsOutsideTheChip) {
  std::string text = head();
  text.replace(text.find("dram 512"), 8, "dram 16000000000");
  expectRejected(text + "stream load 0\nstream vector 0\nstream store 0\n", Diagnostic::Chip,
                 "the program needs 16000000000 bytes of DRAM, expected at most the 8589934592 of chip tiny");
}

TEST(Dram, PartsOutsideTheTensorAreNotTouched) {
  // The padded load fills, the shifted store drops: neither leaves the tensor.
  std::string padded = load("increment(c0)");
  padded.replace(padded.find("coordinate=[0, 0, 0, 0]"), 23, "coordinate=[0, 0, -4, 2]");
  std::string shifted = store("after(c0 >= 1)", "0");
  shifted.replace(shifted.find("coordinate=[0, 0, 0, 0]"), 23, "coordinate=[0, 0, 4, -3]");
  expectAccepted(head() + "stream load 0\n" + padded + "stream vector 0\nstream store 0\n" + shifted +
                 store("", "0"));
}

} // namespace
} // namespace arsis::isa::test
