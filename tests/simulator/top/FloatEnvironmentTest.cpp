// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values, times and energies do not depend on the floating-point environment of the thread that asks for
// them.
#include "tests/dialects/Isa/Numerics/ForeignEnvironment.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

namespace arsis::sim::test {
namespace {

/// y = x + z on eight elements, by hand.
std::shared_ptr<const isa::Program> addition() {
  auto transfer = [](const std::string &op, const std::string &tensor, int local, const std::string &suffix) {
    return "  " + op + " tensor=" + tensor +
           ", coordinate=[0, 0, 0, 0], box=[1, 1, 1, 8], local=" + std::to_string(local) +
           ", localStride=[0, 0, 0, 1], localType=f32" + (op == "load" ? ", fill=0" : "") + suffix + "\n";
  };
  return programOf("arsis 1\ndram 96\n"
                   "tensor x input f32 [1, 1, 1, 8] at 0 host [8] permutation [0]\n"
                   "tensor z input f32 [1, 1, 1, 8] at 32 host [8] permutation [0]\n"
                   "tensor y output f32 [1, 1, 1, 8] at 64 host [8] permutation [0]\n"
                   "location 0 layer sum phase fwd op nn.add\n"
                   "counter c0 load 0\ncounter c1 vector 0\n"
                   "stream load 0\n" +
                   transfer("load", "x", 0, "") + transfer("load", "z", 32, " increment(c0)") +
                   "stream vector 0\n"
                   "  map function=add, count=[1, 1, 1, 8], destination=64, destinationStride=[0, 0, 0, 1], "
                   "destinationType=f32, a=0, aStride=[0, 0, 0, 1], aType=f32, b=32, bStride=[0, 0, 0, 1], "
                   "bType=f32, c=0, cStride=[0, 0, 0, 0], cType=f32, immediate=0 after(c0 >= 1) "
                   "increment(c1)\n"
                   "stream store 0\n" +
                   transfer("store", "y", 64, " after(c1 >= 1)"));
}

float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

constexpr uint32_t kTiny = 713624; // the bits of 1e-39: 713623.85 units of 2^-149

/// The bits of y for denormals and for a tie that rounds to even.
std::vector<uint32_t> bitsOfSums(const RunOptions &options) {
  Session session(chipWith({}), addition());
  const float tiny = floatOf(kTiny), one = 1.0f, halfUlp = floatOf(0x33800000u);
  write(session, "x", {tiny, one, -tiny, 0, 1, 2, 3, 4});
  write(session, "z", {tiny, halfUlp, floatOf(0x00800000u), 0, 1, 2, 3, 4});
  session.run(options);
  const std::vector<float> y = read(session, "y");
  std::vector<uint32_t> bits(y.size());
  std::memcpy(bits.data(), y.data(), y.size() * 4);
  return {bits[0], bits[1], bits[2]};
}

const std::vector<uint32_t> kExpected = {0x15C730u, 0x3F800000u, 0x00800000u - kTiny};

std::vector<RunOptions> allModes() {
  std::vector<RunOptions> modes(4);
  modes[1].mode = Mode::FunctionalOnly;
  modes[2].valuesBesideClock = true; // the values on a thread that starts in its creator's environment
  modes[3].latencySeed = 7;
  return modes;
}

TEST(SimulatorFloatEnvironment, EveryModeKeepsDenormalsAndRoundsToNearest) {
  numerics::test::ForeignEnvironment foreign;
  for (const RunOptions &options : allModes())
    EXPECT_EQ(bitsOfSums(options), kExpected);
  EXPECT_TRUE(foreign.settingsIntact());
}

TEST(SimulatorFloatEnvironment, ThreadsOfTheCallerAreServedAlike) {
  std::thread([] {
    numerics::test::ForeignEnvironment foreign;
    for (const RunOptions &options : allModes())
      EXPECT_EQ(bitsOfSums(options), kExpected);
    EXPECT_TRUE(foreign.settingsIntact());
  }).join();
  EXPECT_EQ(bitsOfSums({}), kExpected);
}

TEST(SimulatorFloatEnvironment, TheReportIsTheSame) {
  auto report = [] {
    chip::Chip chip = chip::Chip::load("tiny").withOverride("dram.bandwidth_gbps", "0.7");
    Session session(chip, addition());
    writeZeros(session);
    boost::json::object json = session.run();
    for (const char *key : {"wall_clock_s", "verification"})
      json.erase(key);
    return boost::json::serialize(json);
  };
  const std::string expected = report();
  numerics::test::ForeignEnvironment foreign;
  EXPECT_EQ(report(), expected);
}

TEST(SimulatorFloatEnvironment, TheCallersComesBackAfterAnError) {
  numerics::test::ForeignEnvironment foreign;
  Session session(chipWith({}), addition());
  EXPECT_THROW(session.run(), Error); // no input
  EXPECT_TRUE(foreign.settingsIntact());
}

} // namespace
} // namespace arsis::sim::test
