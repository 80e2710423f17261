// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Casts: every bf16 and binary16 value and every rounding boundary between neighbours, integers at their
// edges, and element access.
#include "tests/dialects/Isa/Numerics/Oracle.h"

#include <gtest/gtest.h>

namespace arsis::numerics {
namespace {
using namespace oracle;

TEST(Cast, EveryBF16RoundTrips) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    auto narrow = static_cast<uint16_t>(half);
    float wide = fromBF16(narrow);
    if (isNaN(wide)) {
      ASSERT_EQ(bitsOf(wide), kCanonicalNaNBits);
      ASSERT_EQ(toBF16(wide), kCanonicalNaNBitsBF16);
    } else {
      ASSERT_EQ(toBF16(wide), narrow);
    }
  }
}

TEST(Cast, EveryBF16BoundaryRoundsToNearestEven) {
  // Below, at and above the midpoint of each pair of neighbours, for every finite bf16, both signs, denormals
  // too.
  for (uint32_t half = 0; half < 0x10000; ++half) {
    if ((half & 0x7f80) == 0x7f80)
      continue;
    uint32_t bits = half << 16, even = half & 1 ? half + 1 : half;
    ASSERT_EQ(toBF16(floatOf(bits | 0x0001)), half);
    ASSERT_EQ(toBF16(floatOf(bits | 0x7fff)), half);
    ASSERT_EQ(toBF16(floatOf(bits | 0x8000)), even);
    ASSERT_EQ(toBF16(floatOf(bits | 0x8001)), half + 1);
    ASSERT_EQ(toBF16(floatOf(bits | 0xffff)), half + 1);
  }
}

TEST(Cast, BF16OverflowGivesInfinity) {
  EXPECT_EQ(toBF16(0x1.fffffep127f), 0x7f80);
  EXPECT_EQ(toBF16(-0x1.fffffep127f), 0xff80);
  EXPECT_EQ(toBF16(std::numeric_limits<float>::infinity()), 0x7f80);
  for (uint32_t bits : {0x7f800001u, 0xffffffffu, 0x7fc00000u})
    EXPECT_EQ(toBF16(floatOf(bits)), kCanonicalNaNBitsBF16);
}

/// The value of a binary16 by IEEE 754, 3.4; infinities and NaNs left out.
double valueOfF16(uint32_t half) {
  const int exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}
bool isFiniteF16(uint32_t half) { return (half & 0x7c00) != 0x7c00; }

TEST(Cast, EveryF16WidensExactly) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    const float wide = fromF16(static_cast<uint16_t>(half));
    if (isFiniteF16(half)) {
      ASSERT_EQ(static_cast<double>(wide), valueOfF16(half));
      ASSERT_EQ(std::signbit(wide), (half & 0x8000) != 0);
      ASSERT_EQ(toF16(wide), half);
    } else if (half & 0x3ff) {
      ASSERT_EQ(bitsOf(wide), kCanonicalNaNBits);
      ASSERT_EQ(toF16(wide), kCanonicalNaNBitsF16);
    } else {
      ASSERT_EQ(bitsOf(wide), half & 0x8000 ? 0xff800000u : 0x7f800000u);
      ASSERT_EQ(toF16(wide), half);
    }
  }
}

TEST(Cast, EveryF16BoundaryRoundsToNearestEven) {
  // The midpoint of each pair of neighbours is a float; 65536 stands for what would follow the largest. What
  // lies between the floats tried here rounds alike, since rounding is monotonic.
  for (uint32_t half = 0; half < 0x10000; ++half) {
    if (!isFiniteF16(half))
      continue;
    const double next =
        (half & 0x7fff) == 0x7bff ? std::copysign(65536.0, valueOfF16(half)) : valueOfF16(half + 1);
    const auto middle = static_cast<float>((valueOfF16(half) + next) / 2);
    const auto value = static_cast<float>(valueOfF16(half)), end = static_cast<float>(next);
    const uint32_t even = half & 1 ? half + 1 : half;
    ASSERT_EQ(toF16(std::nextafter(value, end)), half);
    ASSERT_EQ(toF16(std::nextafter(middle, value)), half);
    ASSERT_EQ(toF16(middle), even);
    ASSERT_EQ(toF16(std::nextafter(middle, end)), half + 1);
    ASSERT_EQ(toF16(std::nextafter(end, value)), half + 1);
  }
}

TEST(Cast, F16OverflowGivesInfinity) {
  EXPECT_EQ(toF16(65519.996f), 0x7bff);
  for (float large : {65520.0f, 65536.0f, 1e30f, std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(toF16(large), 0x7c00);
    EXPECT_EQ(toF16(-large), 0xfc00);
  }
  for (uint32_t bits : {0x7f800001u, 0xffffffffu, 0x7fc00000u, 0x7f802000u})
    EXPECT_EQ(toF16(floatOf(bits)), kCanonicalNaNBitsF16);
  for (uint32_t bits : {0u, 1u, 0x007fffffu, 0x33000000u}) { // up to 2^-25, half of the least denormal
    EXPECT_EQ(toF16(floatOf(bits)), 0);
    EXPECT_EQ(toF16(floatOf(bits | 0x80000000u)), 0x8000);
  }
}

#ifdef __FLT16_MANT_DIG__
TEST(Cast, F16AgreesWithTheCompiler) {
  for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += 8191) {
    const float x = floatOf(static_cast<uint32_t>(bits));
    if (isNaN(x))
      continue;
    const auto narrow = static_cast<_Float16>(x);
    uint16_t expected;
    std::memcpy(&expected, &narrow, sizeof expected);
    ASSERT_EQ(toF16(x), expected) << bits;
  }
}
#endif

TEST(Cast, I32RoundsToNearestEvenAndSaturates) {
  EXPECT_EQ(toI32(2.5f), 2);
  EXPECT_EQ(toI32(3.5f), 4);
  EXPECT_EQ(toI32(-2.5f), -2);
  EXPECT_EQ(toI32(-0.4f), 0);
  EXPECT_EQ(toI32(8388609.0f), 8388609);
  EXPECT_EQ(toI32(2147483520.0f), 2147483520);
  EXPECT_EQ(toI32(2147483648.0f), 2147483647);
  EXPECT_EQ(toI32(-3e9f), -2147483647 - 1);
  EXPECT_EQ(toI32(floatOf(kCanonicalNaNBits)), 0);
}

TEST(Cast, ElementsInMemory) {
  unsigned char bytes[16] = {};
  writeElement(bytes + 1, ElementType::F32, 1, 1.25f); // unaligned on purpose
  EXPECT_EQ(readElement(bytes + 1, ElementType::F32, 1), 1.25f);
  writeElement(bytes, ElementType::BF16, 3, 1.00390625f); // midway between 1 and 1 + 2^-7
  EXPECT_EQ(readElement(bytes, ElementType::BF16, 3), 1.0f);
  writeElement(bytes + 1, ElementType::F16, 2, -1.00048828125f); // midway between 1 and 1 + 2^-10
  EXPECT_EQ(readElement(bytes + 1, ElementType::F16, 2), -1.0f);
  writeElement(bytes, ElementType::I32, 2, -7.0f);
  EXPECT_EQ(readElement(bytes, ElementType::I32, 2), -7.0f);
}

} // namespace
} // namespace arsis::numerics
