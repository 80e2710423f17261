// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Casts: every bf16 value and every rounding boundary between neighbours, integers at their edges, and
// element access.
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
  writeElement(bytes, ElementType::I32, 2, -7.0f);
  EXPECT_EQ(readElement(bytes, ElementType::I32, 2), -7.0f);
}

} // namespace
} // namespace arsis::numerics
