// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a session refuses, and in which words.
#include "tests/MessageOf.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

const std::string kDeadlock =
    "arsis 1\ndram 64\nlocation 0 layer l phase fwd op o\ncounter c0 vector 0\ncounter c1 drain 0\n"
    "stream vector 0\n  wait after(c1 >= 1) increment(c0)\nstream drain 0\n  wait after(c0 >= 1) "
    "increment(c1)\n";

TEST(Rejects, DeadlockNamesStreamsAndCounters) {
  for (Mode mode : {Mode::Full, Mode::TimingOnly, Mode::FunctionalOnly}) {
    Session session(chipWith({}), programOf(kDeadlock), Verification::Skipped);
    const std::string message = messageOf([&] { session.run({mode, {}, {}}); });
    expectContains(message, "deadlock");
    expectContains(message,
                   "vector 0 at instruction 0 (instance 0) waits for counter 1 to reach 1, it stands at 0");
    expectContains(message,
                   "drain 0 at instruction 0 (instance 0) waits for counter 0 to reach 1, it stands at 0");
  }
}

TEST(Rejects, ARunAfterAFailureStillWorks) {
  Session broken(chipWith({}), programOf(kDeadlock), Verification::Skipped);
  EXPECT_THROW(broken.run(), Error);
  Session whole(chipWith({}), convolution());
  writeZeros(whole);
  EXPECT_NO_THROW(whole.run());
}

TEST(Rejects, EveryUnmetRequirementIsNamed) {
  const std::string message = messageOf([] {
    Session(chipWith({{"matrix.cols", 4}, {"scratchpad.kib", 2}}), convolution());
  });
  expectContains(message, "matrix.cols >= 8, found 4");
  expectContains(message, "scratchpad.kib >= 3, found 2");
  EXPECT_EQ(message.find("matrix.rows"), std::string::npos);
}

TEST(Rejects, AStreamWithoutUnit) {
  const std::string text = "arsis 1\ndram 64\nlocation 0 layer l phase fwd op o\nstream matrix 3\n  wait\n";
  expectContains(messageOf([&] { Session(chipWith({}), programOf(text)); }),
                 "a unit for stream matrix 3, found 1 of the kind");
}

TEST(Rejects, TensorsOfTheHost) {
  Session session(chipWith({}), convolution());
  float value = 0;
  expectContains(messageOf([&] { session.writeTensor("z", &value, 4); }),
                 "the program has no tensor named z");
  expectContains(messageOf([&] { session.writeTensor("x", &value, 4); }),
                 "tensor x has 4 bytes, expected 480");
  expectContains(messageOf([&] { session.readTensor("y", &value, 4); }),
                 "tensor y has 4 bytes, expected 960");
}

TEST(Rejects, AnOutputThatTheHostWrites) {
  Session session(chipWith({}), convolution());
  expectContains(messageOf([&] { write(session, "y", std::vector<float>(240)); }),
                 "tensor y is not an input of the program, but computed by it");
}

TEST(Rejects, ARunWithoutItsInputs) {
  for (Mode mode : {Mode::Full, Mode::FunctionalOnly}) {
    Session session(chipWith({}), convolution());
    write(session, "w", std::vector<float>(288));
    expectContains(messageOf([&] {
                     session.run({mode, {}, {}});
                   }),
                   "input x of shape 1x4x5x6 is missing, expected it to be written before the run");
  }
  EXPECT_NO_THROW(Session(chipWith({}), convolution()).run({Mode::TimingOnly, {}, {}}));
}

TEST(Rejects, AnOutputThatNoRunComputed) {
  Session session(chipWith({}), convolution());
  writeZeros(session);
  session.run({Mode::TimingOnly, {}, {}});
  expectContains(messageOf([&] { read(session, "y"); }),
                 "tensor y has no value yet, expected a run that computes it first");
  session.run({Mode::FunctionalOnly, {}, {}});
  EXPECT_NO_THROW(read(session, "y"));
}

TEST(Rejects, LabelsThatAreNoClass) {
  const std::string labels = "tensor labels label i32 [1, 1, 1, 3] at 0 host [3] permutation [0]\n";
  const std::string logits = "tensor logits output f32 [1, 1, 3, 5] at 12 host [3, 5] permutation [0, 1]\n";
  Session known(chipWith({}), programOf("arsis 1\ndram 72\n" + labels + logits), Verification::Skipped);
  Session unknown(chipWith({}), programOf("arsis 1\ndram 72\n" + labels), Verification::Skipped);
  const int32_t negative[] = {0, -1, 2}, large[] = {4, 0, 5};
  expectContains(messageOf([&] { known.writeTensor("labels", negative, 12); }),
                 "tensor labels has label -1 at element 1, expected 0 to 4");
  expectContains(messageOf([&] { known.writeTensor("labels", large, 12); }),
                 "tensor labels has label 5 at element 2, expected 0 to 4");
  expectContains(messageOf([&] { unknown.writeTensor("labels", negative, 12); }),
                 "tensor labels has label -1 at element 1, expected a class that is not negative");
  EXPECT_NO_THROW(unknown.writeTensor("labels", large, 12));
}

TEST(Rejects, AnAccessOutsideTheScratchpad) {
  const std::string text = "arsis 1\ndram 64\nlocation 0 layer l phase fwd op o\nstream vector 0\n"
                           "  map function=fill, count=[1, 1, 1, 100000], destination=0, "
                           "destinationStride=[0, 0, 0, 1], destinationType=f32, "
                           "a=0, aStride=[0, 0, 0, 0], aType=f32, b=0, bStride=[0, 0, 0, 0], bType=f32, c=0, "
                           "cStride=[0, 0, 0, 0], cType=f32, immediate=0\n";
  for (Mode mode : {Mode::Full, Mode::TimingOnly, Mode::FunctionalOnly})
    expectContains(messageOf([&] {
                     Session(chipWith({}), programOf(text), Verification::Skipped).run({mode, {}, {}});
                   }),
                   "vector 0, instruction 0 (map): destination reaches bytes 0 to 400000 of a scratchpad of "
                   "65536 bytes");
}

TEST(Rejects, ReadingAnInputThatNobodyWrote) {
  Session session(chipWith({}), convolution());
  std::vector<float> x(1 * 4 * 5 * 6);
  expectContains(messageOf([&] { session.readTensor("x", x.data(), 4 * x.size()); }),
                 "tensor x has no value yet, expected it to be written first");
  session.writeTensor("x", x.data(), 4 * x.size());
  session.readTensor("x", x.data(), 4 * x.size());
}

TEST(Rejects, ATraceWithoutClock) {
  Session session(chipWith({}), convolution());
  writeZeros(session);
  expectContains(messageOf([&] {
                   session.run({Mode::FunctionalOnly, {}, "/tmp/never.json"});
                 }),
                 "has no trace");
}

} // namespace
} // namespace arsis::sim::test
