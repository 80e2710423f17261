// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions of the vector stream overlap in its pipeline, and still behave as if executed one after the
// other: random programs on a few hundred bytes, with no counter between their instructions, against the mode
// that has no clock.
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

#include <random>

namespace arsis::sim::test {
namespace {

constexpr int kElements = 128;

std::string list(const std::vector<int64_t> &values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", " : "") + std::to_string(values[i]);
  return text + "]";
}

/// An instruction on elements somewhere in the first kElements.
std::string anyInstruction(std::mt19937 &random) {
  const auto any = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint32_t>(high - low + 1));
  };
  const auto place = [&](int64_t reach) { return std::to_string(4 * any(0, kElements - reach)); };
  const int64_t n = any(1, 12), rows = any(1, 3), step = any(1, 3);
  const std::string count = list({1, 1, rows, n}), stride = list({0, 0, n * step, step});
  const auto view = [&](const std::string &name, const std::string &type) {
    return ", " + name + "=" + place(rows * n * step) + ", " + name + "Stride=" + stride + type;
  };
  switch (any(0, 3)) {
  case 0:
    return "  reduce function=sum, count=" + count + ", reduceMask=4, destination=" + place(n) +
           ", destinationStride=[0, 0, 0, 1]" + view("a", ", aType=f32") +
           ", accumulate=" + std::to_string(any(0, 1)) + "\n";
  case 1:
    return "  pool_grad function=" + std::string(any(0, 1) ? "sum" : "max") +
           ", count=[1, 1, 2, 4], x=" + place(24) + ", xStride=[0, 0, 8, 1], gradient=" + place(8) +
           ", gradientStride=[0, 0, 4, 1], window=[1, 2], windowStride=[0, 8], destination=" + place(24) +
           "\n";
  default:
    return "  map function=" + std::string(any(0, 1) ? "subtract" : "exp") + ", count=" + count +
           view("destination", ", destinationType=f32") + view("a", ", aType=f32") +
           view("b", ", bType=f32") + ", c=0, cStride=[0, 0, 0, 0], cType=f32, immediate=0\n";
  }
}

std::shared_ptr<const isa::Program> anyProgram(uint32_t seed) {
  std::mt19937 random(seed);
  const std::string box = ", coordinate=[0, 0, 0, 0], box=[1, 1, 1, 128], local=0, localStride=[0, 0, 0, 1], "
                          "localType=f32";
  std::string text =
      "arsis 1\ndram 1024\ntensor x input f32 [1, 1, 1, 128] at 0\n"
      "tensor y output f32 [1, 1, 1, 128] at 512 observable complete c2 >= 1\n"
      "location 0 layer l phase fwd op o\n"
      "counter c0 load 0\ncounter c1 vector 0\ncounter c2 store 0\nstream load 0\n  load tensor=x" +
      box + ", fill=0 increment(c0)\nstream vector 0\n  wait after(c0 >= 1)\n";
  for (int i = 0; i < 40; ++i)
    text += anyInstruction(random);
  return programOf(text + "  wait increment(c1)\nstream store 0\n  store tensor=y" + box +
                   " after(c1 >= 1) increment(c2)\n");
}

std::vector<uint32_t> bitsOfY(const std::shared_ptr<const isa::Program> &program, const chip::Chip &chip,
                              const RunOptions &options) {
  Session session(chip, program, Verification::Skipped);
  write(session, "x", ramp(kElements, 3));
  session.run(options);
  const std::vector<float> values = read(session, "y");
  std::vector<uint32_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), values.size() * sizeof(float));
  return bits;
}

TEST(VectorOrder, AsIfOneAfterTheOther) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    const auto program = anyProgram(seed);
    const auto expected = bitsOfY(program, chipWith({}), {Mode::FunctionalOnly, {}, {}});
    for (double startup : {0, 8, 200})
      EXPECT_EQ(bitsOfY(program, chipWith({{"vector.startup_cycles", startup}}), {}), expected)
          << "seed " << seed << ", start-up " << startup;
    for (uint64_t latencies = 1; latencies <= 3; ++latencies)
      EXPECT_EQ(bitsOfY(program, chipWith({}), {Mode::Full, latencies, {}}), expected)
          << "seed " << seed << ", latencies " << latencies;
  }
}

} // namespace
} // namespace arsis::sim::test
