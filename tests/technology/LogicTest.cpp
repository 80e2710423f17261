// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logic and scaling against the published figures, and the laws between them.
#include "technology/Logic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace arsis::technology {
namespace {

using numerics::ElementType;
constexpr auto kHp = Transistor::HighPerformance;

TEST(Scaling, RatiosAreThoseOfTheFits) {
  // 45 nm HP at 0.9 V: 0.69885; 16 nm HP at 0.8 V: 0.12027 (a2 V^2 + a1 V + a0 by hand).
  EXPECT_NEAR(energyRatio({45, 0.9, kHp}, {16, 0.8, kHp}), 0.12027 / 0.69885, 1e-4);
  EXPECT_NEAR(areaRatio(45, 7), 0.059, 1e-12);
  // Between 32 (0.46) and 20 nm (0.21), half way on the logarithm of the node.
  EXPECT_NEAR(areaRatio(45, std::sqrt(32.0 * 20.0)), std::sqrt(0.46 * 0.21), 1e-12);
}

TEST(Scaling, MoreVoltageIsNeverSlowerNorCheaper) {
  for (const Transistor transistor : {kHp, Transistor::LowPower})
    for (const double node : {45.0, 32.0, 28.0, 16.0, 7.0})
      for (double voltage = 0.65; voltage <= 1.1; voltage += 0.05) {
        const OperatingPoint before{node, voltage - 0.05, transistor}, after{node, voltage, transistor};
        EXPECT_LE(delayRatio(before, after), 1) << node << " nm, " << voltage << " V";
        EXPECT_GT(energyRatio(before, after), 1) << node << " nm, " << voltage << " V";
      }
}

TEST(Scaling, APointOutsideOfTheFitsIsNamed) {
  EXPECT_EQ(complaintAbout({45, 0.9, kHp}), "");
  EXPECT_EQ(complaintAbout({16, 1.3, kHp}), "1.3 V at 16 nm is outside of the fits, expected 0.6 to 1.1 V");
  EXPECT_EQ(complaintAbout({5, 0.8, kHp}), "5 nm is outside of the fits, expected 7 to 180 nm");
  EXPECT_EQ(complaintAbout({200, 0.5, kHp}),
            "200 nm is outside of the fits, expected 7 to 180 nm; 0.5 V at 200 nm "
            "is outside of the fits, expected 0.7 to 1.3 V");
}

TEST(Scaling, BetweenTwoFitsAVoltageNeedsBoth) {
  const auto bounds = [](double node) {
    const std::string text = complaintAbout({node, 2, kHp});
    return text.substr(text.find("expected"));
  };
  EXPECT_EQ(bounds(65), "expected 0.7 to 1.3 V");
  EXPECT_EQ(bounds(64), "expected 0.7 to 1.1 V");
  EXPECT_EQ(bounds(46), "expected 0.7 to 1.1 V");
  EXPECT_EQ(bounds(45), "expected 0.6 to 1.1 V");
}

TEST(Logic, ThePublishedNodesComeBack) {
  EXPECT_NEAR(multiplyPj(ElementType::F32, {45, 0.9, kHp}).nominal, 3.7, 1e-9);
  EXPECT_NEAR(addPj({45, 0.9, kHp}).nominal, 0.9, 1e-9);
  EXPECT_NEAR(multiplyPj(ElementType::BF16, {7, 0.75, kHp}).nominal, 0.21, 1e-9);
  EXPECT_NEAR(registerPj({40, 0.9, kHp}).nominal, 0.009, 1e-9);
}

TEST(Logic, BetweenTheNodesBothSourcesAreInTheRange) {
  const OperatingPoint point{16, 0.8, kHp};
  const Range product = multiplyPj(ElementType::F32, point);
  const double horowitz = 3.7 * energyRatio({45, 0.9, kHp}, point),
               jouppi = 1.31 * energyRatio({7, 0.75, kHp}, point);
  EXPECT_NEAR(product.low, std::min(horowitz, jouppi), 1e-9);
  EXPECT_NEAR(product.high, std::max(horowitz, jouppi), 1e-9);
  EXPECT_GT(product.nominal, product.low);
  EXPECT_LT(product.nominal, product.high);
}

TEST(Logic, ASmallerNodeIsCheaperAndSmaller) {
  double energy = INFINITY, area = INFINITY, leakage = INFINITY;
  for (const double node : {65.0, 45.0, 32.0, 22.0, 16.0, 10.0, 7.0}) {
    const OperatingPoint point{node, 0.8, kHp};
    EXPECT_LT(registerPj(point).nominal, energy); // of one source; adders have two, which disagree
    EXPECT_LT(adderMm2(node), area);
    energy = registerPj(point).nominal;
    area = adderMm2(node);
    EXPECT_LT(logicLeakageMw(area, point), leakage);
    leakage = logicLeakageMw(area, point);
  }
}

TEST(Logic, LeakageIsThatOfTheSourceAtItsOwnNode) {
  // 82.4 uW for a multiplier and an adder of 6,628 um2.
  EXPECT_NEAR(logicLeakageMw(6628e-6, {40, 0.9, kHp}), 0.0824, 1e-6);
}

} // namespace
} // namespace arsis::technology
