// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The environment that values are defined in, entered from one in which they are not. Expected bits are
// integers: a denormal is a multiple of 2^-149, so sums of denormals are sums of their bits.
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "tests/dialects/Isa/Numerics/ForeignEnvironment.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace arsis::numerics {
namespace {

constexpr uint32_t kTiny = 713624; // 1e-39 is 713623.85 units of 2^-149

/// Not inline, so that nothing is computed before or after the environment stands.
__attribute__((noinline)) uint32_t sum(volatile uint32_t a, volatile uint32_t b) {
  return bitsOf(add(floatOf(a), floatOf(b)));
}

TEST(FloatEnvironment, KeepsDenormalOperandsAndResults) {
  test::ForeignEnvironment foreign;
  const FloatEnvironment environment;
  EXPECT_EQ(sum(kTiny, kTiny), 0x15C730u);
  EXPECT_EQ(sum(0x00800000u, 0x80000001u), 0x007FFFFFu); // the least normal number minus one unit
}

TEST(FloatEnvironment, RoundsToNearestEven) {
  test::ForeignEnvironment foreign;
  const FloatEnvironment environment;
  constexpr uint32_t kOne = 0x3F800000u, kHalfUlp = 0x33800000u; // 2^-24
  EXPECT_EQ(sum(kOne, kHalfUlp), kOne);
  EXPECT_EQ(sum(kOne + 1, kHalfUlp), kOne + 2);
  EXPECT_EQ(sum(kOne, 0x2B800000u), kOne); // 2^-40
}

TEST(FloatEnvironment, GivesTheCallersBack) {
  test::ForeignEnvironment foreign;
  ASSERT_TRUE(foreign.intact());
  {
    const FloatEnvironment outer;
    EXPECT_EQ(std::fegetround(), FE_TONEAREST);
    EXPECT_EQ(std::fetestexcept(FE_ALL_EXCEPT), 0);
    { const FloatEnvironment inner; }
    EXPECT_EQ(sum(kTiny, kTiny), 2 * kTiny);
    std::feraiseexcept(FE_INVALID | FE_INEXACT);
  }
  EXPECT_TRUE(foreign.intact());
}

TEST(FloatEnvironment, GivesTheCallersBackAfterAnError) {
  test::ForeignEnvironment foreign;
  EXPECT_THROW(
      {
        const FloatEnvironment environment;
        throw std::runtime_error("");
      },
      std::runtime_error);
  EXPECT_TRUE(foreign.intact());
}

#if defined(__GLIBC__)
TEST(FloatEnvironment, MasksExceptions) {
  test::ForeignEnvironment foreign;
  feenableexcept(FE_INVALID);
  {
    const FloatEnvironment environment;
    EXPECT_EQ(sum(0x7F800000u, 0xFF800000u), kCanonicalNaNBits); // would be a signal
  }
  EXPECT_EQ(fegetexcept(), FE_INVALID);
}
#endif

TEST(FloatEnvironment, BelongsToItsThread) {
  const FloatEnvironment environment;
  std::thread([] {
    test::ForeignEnvironment foreign;
    EXPECT_NE(sum(kTiny, kTiny), 2 * kTiny);
  }).join();
  EXPECT_EQ(sum(kTiny, kTiny), 2 * kTiny);
}

} // namespace
} // namespace arsis::numerics
