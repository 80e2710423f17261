// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A convolution written by hand in assembly, with loops, rings and ragged tiles, against plain loops; and
// everything that must not change its values: the mode, the durations, repetition.
#include "dialects/Isa/Numerics/Numerics.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

constexpr int H = 5, W = 6, C = 4, F = 8;

/// The plan of the program: for each tap (kh, kw) a partial over channels from +0, then one addition.
std::vector<float> plainConvolution(const std::vector<float> &x, const std::vector<float> &w) {
  std::vector<float> y(F * H * W);
  for (int f = 0; f < F; ++f)
    for (int i = 0; i < H; ++i)
      for (int j = 0; j < W; ++j) {
        float sum = 0;
        for (int kh = 0; kh < 3; ++kh)
          for (int kw = 0; kw < 3; ++kw) {
            const int r = i + kh - 1, s = j + kw - 1;
            float partial = 0;
            for (int c = 0; c < C; ++c) {
              const bool inside = r >= 0 && r < H && s >= 0 && s < W;
              partial = numerics::fma(inside ? x[(c * H + r) * W + s] : 0.0f,
                                      w[((f * C + c) * 3 + kh) * 3 + kw], partial);
            }
            sum = kh + kw == 0 ? partial : numerics::add(sum, partial);
          }
        y[(f * H + i) * W + j] = sum;
      }
  return y;
}

struct Convolution : testing::Test {
  std::vector<float> x = ramp(C * H * W, 1), w = ramp(F * C * 9, 2);
  std::vector<float> expected = plainConvolution(x, w);

  Session session(const Overrides &overrides = {}) {
    Session session(chipWith(overrides), convolution());
    write(session, "x", x);
    write(session, "w", w);
    return session;
  }
};

TEST_F(Convolution, FullModeMatchesPlainLoops) {
  Session s = session();
  s.run();
  EXPECT_EQ(read(s, "y"), expected);
}

TEST_F(Convolution, FunctionalOnlyGivesTheSameBits) {
  Session s = session();
  s.run({Mode::FunctionalOnly, {}, {}});
  EXPECT_EQ(read(s, "y"), expected);
}

TEST_F(Convolution, TimingOnlyGivesTheSameCyclesAndNoValues) {
  Session full = session(), timingOnly = session();
  const auto a = full.run(), b = timingOnly.run({Mode::TimingOnly, {}, {}});
  EXPECT_EQ(a.at("totals"), b.at("totals"));
  EXPECT_EQ(a.at("units"), b.at("units"));
  EXPECT_THROW(read(timingOnly, "y"), Error);
}

TEST_F(Convolution, ValuesBesideTheClockAreTheSameBitsAndCycles) {
  Session full = session(), beside = session();
  RunOptions options;
  options.valuesBesideClock = true;
  EXPECT_EQ(full.run().at("units"), beside.run(options).at("units"));
  EXPECT_EQ(read(beside, "y"), expected);
}

TEST_F(Convolution, FunctionalOnlyCountsTheSameEvents) {
  Session full = session(), functional = session();
  const auto a = full.run(), b = functional.run({Mode::FunctionalOnly, {}, {}});
  EXPECT_EQ(a.at("traffic"), b.at("traffic"));
  EXPECT_EQ(a.at("totals").at("macs"), b.at("totals").at("macs"));
  EXPECT_FALSE(b.at("totals").as_object().contains("cycles"));
}

TEST_F(Convolution, PerturbedDurationsChangeCyclesAndNoBit) {
  std::set<int64_t> cycles;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Session s = session();
    const auto report = s.run({Mode::Full, seed, {}});
    EXPECT_EQ(read(s, "y"), expected) << "seed " << seed;
    cycles.insert(report.at("totals").at("cycles").as_int64());
    for (const auto &unit : report.at("units").as_array())
      EXPECT_EQ(unit.at("busy").as_int64() + unit.at("stalled_total").as_int64() + unit.at("idle").as_int64(),
                unit.at("total").as_int64())
          << "seed " << seed << " " << unit.at("name");
  }
  EXPECT_GT(cycles.size(), 40u);
}

TEST_F(Convolution, TwoHundredRunsInOneProcessAgree) {
  boost::json::value first;
  for (int i = 0; i < 200; ++i) {
    Session s = session();
    auto report = s.run();
    for (const char *key : {"wall_clock_s", "verification"})
      report.erase(key);
    if (i == 0)
      first = report;
    ASSERT_EQ(first, boost::json::value(report)) << "run " << i;
  }
}

TEST_F(Convolution, AMissingWaitReallyGivesWrongValues) {
  std::string text = isa::disassemble(*convolution());
  const std::string wait = " after(c2 >= 1 + i0)"; // of the store
  const size_t at = text.find(wait);
  ASSERT_NE(at, std::string::npos) << text;
  text.erase(at, wait.size());
  Session s(chipWith({}), programOf(text), Verification::Skipped);
  write(s, "x", x);
  write(s, "w", w);
  s.run();
  EXPECT_NE(read(s, "y"), expected);
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::vector<float> rounded(std::vector<float> values, numerics::ElementType type) {
  for (float &value : values) {
    uint8_t element[4];
    numerics::writeElement(element, type, 0, value);
    value = numerics::readElement(element, type, 0);
  }
  return values;
}

TEST_F(Convolution, HalvesAreRoundedWhereTheyAreWrittenAndNowhereElse) {
  std::ifstream in(arsis::sourceFolder() + "tests/dialects/Isa/Encoding/conv.arsis.s");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  for (numerics::ElementType type : {numerics::ElementType::BF16, numerics::ElementType::F16}) {
    const std::string name(numerics::name(type));
    // Halves in DRAM alone, so that transfers cast both ways; in the scratchpad alone; in both.
    const std::string inDram = replaced(text, "input f32", "input " + name),
                      stored = replaced(replaced(inDram, "parameter f32", "parameter " + name), "output f32",
                                        "output " + name);
    auto inScratchpad = [&](const std::string &program) { // elements are half as far apart
      return replaced(
          replaced(replaced(program, "ype=f32", "ype=" + name), "384*i1 + 128*i2", "192*i1 + 64*i2"),
          "128*i1 + 16*i2", "64*i1 + 8*i2");
    };
    for (const std::string &program : {stored, inScratchpad(text), inScratchpad(stored)})
      for (Mode mode : {Mode::Full, Mode::FunctionalOnly}) {
        Session s(chipWith({}), programOf(program));
        write(s, "x", x);
        write(s, "w", w);
        const auto report = s.run({mode, {}, {}});
        EXPECT_EQ(read(s, "y"), rounded(plainConvolution(rounded(x, type), rounded(w, type)), type)) << name;
        const bool multiplied = program != stored;
        const auto &totals = report.at("totals").as_object();
        EXPECT_EQ(totals.at("macs"), totals.at(multiplied ? "mac_" + name : "mac_f32"));
        EXPECT_GT(report.at("energy").at(multiplied ? "mac_" + name : "mac_f32").at("pj").to_number<double>(),
                  0);
      }
  }
}

TEST_F(Convolution, AdoptedStateIsParametersOnly) {
  Session s = session(), other(chipWith({}), convolution());
  other.adoptState(s); // w is a parameter, x is not
  EXPECT_EQ(read(other, "w"), w);
  EXPECT_THROW(read(other, "x"), Error);
}

} // namespace
} // namespace arsis::sim::test
