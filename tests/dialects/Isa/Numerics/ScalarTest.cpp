// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The correctly rounded functions agree to the bit with exact arithmetic rounded once; special values and
// ties of max are as the manual says.
#include "tests/dialects/Isa/Numerics/Oracle.h"

#include <gtest/gtest.h>

namespace arsis::numerics {
namespace {
using namespace oracle;

const float inf = std::numeric_limits<float>::infinity();
const float nan = floatOf(kCanonicalNaNBits);

/// All pairs of specials, then random pairs.
template <class Check> void forPairs(Check check) {
  auto special = specials();
  for (float a : special)
    for (float b : special)
      check(a, b);
  auto left = randomBits(100000, 1), right = randomBits(100000, 2);
  for (size_t i = 0; i < left.size(); ++i)
    check(left[i], right[i]);
}

bool finite(float a, float b) { return std::isfinite(a) && std::isfinite(b); }

TEST(Scalar, AddSubtractMultiplyAreCorrectlyRounded) {
  forPairs([](float a, float b) {
    if (!finite(a, b))
      return;
    ASSERT_EQ(add(a, b), nearestFloat(Wide(a) + Wide(b))) << a << " + " << b;
    ASSERT_EQ(subtract(a, b), nearestFloat(Wide(a) - Wide(b))) << a << " - " << b;
    ASSERT_EQ(multiply(a, b), nearestFloat(Wide(a) * Wide(b))) << a << " * " << b;
  });
}

TEST(Scalar, FmaRoundsOnce) {
  // 100 bits do not hold every sum of a product and an addend, so exponents stay within 40 of each other.
  std::mt19937 generator(3);
  std::uniform_real_distribution<float> mantissa(-2, 2);
  std::uniform_int_distribution<int> exponent(-10, 10);
  for (int i = 0; i < 200000; ++i) {
    float a = std::ldexp(mantissa(generator), exponent(generator)),
          b = std::ldexp(mantissa(generator), exponent(generator));
    float c = i % 3 ? std::ldexp(mantissa(generator), exponent(generator)) : -a * b; // a third cancels
    ASSERT_EQ(fma(a, b, c), nearestFloat(Wide(a) * Wide(b) + Wide(c))) << a << " " << b << " " << c;
  }
  // Products of half an ulp, and just below it, beside an odd mantissa.
  EXPECT_EQ(fma(0x1p-75f, 0x1p-75f, 0x1.000002p-126f), 0x1.000004p-126f);
  EXPECT_EQ(fma(0x1.fffffep-76f, 0x1p-75f, 0x1.000002p-126f), 0x1.000002p-126f);
}

TEST(Scalar, ReciprocalAndRsqrtMeetTheirBounds) {
  double worst = 0;
  for (float x : randomBits(200000, 4)) {
    if (!std::isfinite(x) || x == 0)
      continue;
    ASSERT_EQ(reciprocal(x), nearestFloat(Wide(1) / Wide(x))) << x;
    if (x > 0)
      worst = std::max(worst, ulpError(rsqrt(x), Wide(1) / boost::multiprecision::sqrt(Wide(x))));
  }
  EXPECT_LE(worst, 0.501);
}

TEST(Scalar, SpecialResults) {
  EXPECT_EQ(reciprocal(0.0f), inf);
  EXPECT_EQ(reciprocal(-0.0f), -inf);
  EXPECT_TRUE(sameBits(reciprocal(-inf), -0.0f));
  EXPECT_EQ(rsqrt(0.0f), inf);
  EXPECT_EQ(rsqrt(-0.0f), -inf);
  EXPECT_TRUE(sameBits(rsqrt(inf), 0.0f));
  EXPECT_TRUE(sameBits(rsqrt(-1.0f), nan));
  EXPECT_TRUE(sameBits(add(inf, -inf), nan));
  EXPECT_TRUE(sameBits(subtract(inf, inf), nan));
  EXPECT_TRUE(sameBits(multiply(inf, 0.0f), nan));
  EXPECT_TRUE(sameBits(fma(0.0f, inf, 1.0f), nan));
  EXPECT_TRUE(sameBits(add(-0.0f, -0.0f), -0.0f));
  EXPECT_TRUE(sameBits(add(-0.0f, 0.0f), 0.0f));
  EXPECT_EQ(multiply(0x1p-149f, 0.5f), 0.0f);
  EXPECT_EQ(multiply(0x1p-126f, 0.5f), 0x1p-127f);
}

TEST(Scalar, EveryNaNIsCanonical) {
  forPairs([](float a, float b) {
    for (float value : {add(a, b), subtract(a, b), multiply(a, b), fma(a, b, 1.0f), maximum(a, b),
                        minimum(a, b), reciprocal(a), rsqrt(a), exp(a), log(a), tanh(a), erf(a), relu(a)}) {
      if (isNaN(value)) {
        ASSERT_TRUE(sameBits(value, nan));
      }
    }
  });
}

TEST(Scalar, SelectCopiesBits) {
  const auto select = [](float a, float b, float c) { return applyMap(VectorFunction::Select, a, b, c, 0); };
  const float other = floatOf(0xffc12345u); // a NaN, not the canonical one
  EXPECT_TRUE(sameBits(select(other, 1, 0x1p-149f), other));
  for (float c : {0.0f, -0.0f, -1.0f, nan})
    EXPECT_TRUE(sameBits(select(1, other, c), other));
}

TEST(Scalar, ReluAndIsFinite) {
  EXPECT_TRUE(sameBits(relu(-0.0f), 0.0f));
  EXPECT_TRUE(sameBits(relu(-inf), 0.0f));
  EXPECT_EQ(relu(0x1p-149f), 0x1p-149f);
  EXPECT_TRUE(sameBits(relu(floatOf(0xff812345u)), nan));
  EXPECT_TRUE(isFinite(0x1.fffffep127f));
  EXPECT_FALSE(isFinite(-inf));
  EXPECT_FALSE(isFinite(nan));
}

TEST(Scalar, RandomIsPhilox) {
  // The first word of the authors' known answers for the counter and the key of zeros.
  EXPECT_EQ(random(0, 0, 0, 0), static_cast<float>(0x6627e8d5u >> 9 << 1 | 1) * 0x1p-24f);
}

TEST(Scalar, RandomIsUniform) {
  constexpr int kBins = 64, kPerBin = 1024;
  for (int argument = 0; argument < 4; ++argument) { // counts along each of the arguments
    std::vector<int> counts(kBins);
    float arguments[4] = {3, 1, 4, 1};
    for (int i = 0; i < kBins * kPerBin; ++i) {
      arguments[argument] = static_cast<float>(i);
      const float u = random(arguments[0], arguments[1], arguments[2], arguments[3]);
      ASSERT_TRUE(u > 0 && u < 1) << u;
      ++counts[static_cast<int>(u * kBins)];
    }
    double chiSquared = 0;
    for (int count : counts)
      chiSquared += (count - kPerBin) * (count - kPerBin) / double(kPerBin);
    EXPECT_GT(chiSquared, 30) << argument; // 63 degrees of freedom: between 1e-4 and 1 - 1e-4
    EXPECT_LT(chiSquared, 115) << argument;
  }
}

TEST(Scalar, MaximumKeepsTheEarlierOfEqualValues) {
  EXPECT_TRUE(sameBits(maximum(-0.0f, 0.0f), -0.0f));
  EXPECT_TRUE(sameBits(maximum(0.0f, -0.0f), 0.0f));
  EXPECT_TRUE(sameBits(minimum(0.0f, -0.0f), 0.0f));
  EXPECT_TRUE(sameBits(maximum(nan, inf), nan));
  EXPECT_TRUE(sameBits(minimum(-inf, nan), nan));
  EXPECT_TRUE(better(1.0f, 0.0f));
  EXPECT_FALSE(better(1.0f, 1.0f));
  EXPECT_TRUE(better(nan, inf));
  EXPECT_FALSE(better(nan, nan));
  EXPECT_FALSE(better(inf, nan));
  EXPECT_FALSE(better(-inf, -inf));
}

TEST(Functions, NamesRoundTrip) {
  for (unsigned i = 0; i < kVectorFunctionCount; ++i) {
    auto function = static_cast<VectorFunction>(i);
    EXPECT_EQ(parseVectorFunction(name(function)), function);
    EXPECT_LE(operandCount(function), 3u);
  }
  EXPECT_FALSE(parseVectorFunction("nothing"));
  for (ElementType type : {ElementType::F32, ElementType::BF16, ElementType::F16, ElementType::I32})
    EXPECT_EQ(parseElementType(name(type)), type);
  EXPECT_FALSE(parseElementType("f8"));
  EXPECT_EQ(parseReduceFunction("max"), ReduceFunction::Max);
  EXPECT_EQ(parsePoolFunction("sum"), PoolFunction::Sum);
}

} // namespace
} // namespace arsis::numerics
