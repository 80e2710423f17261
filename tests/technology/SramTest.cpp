// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arrays against rows of CACTI's table, and the laws that hold between and beyond them.
#include "technology/Sram.h"

#include <gtest/gtest.h>

namespace arsis::technology {
namespace {

SramShape at(double kib, double word, double node = 45, double voltage = 1.0) {
  SramShape shape;
  shape.bytes = kib * 1024;
  shape.wordBytes = word;
  shape.nodeNm = node;
  shape.voltage = voltage;
  return shape;
}

/// The geometric mean: half way on a logarithm.
double middle(double a, double b) { return std::sqrt(a * b); }

// Figures of sram.csv: 45 nm, itrs-hp, one port, 64 KiB and 128 KiB of 64 B and 32 B words.
TEST(Sram, GivesBackARowOfTheTable) {
  const Sram found = sram(at(64, 64));
  EXPECT_NEAR(found.readPj.nominal, 40.3515, 1e-9);
  EXPECT_NEAR(found.writePj.nominal, 139.05, 1e-9);
  EXPECT_NEAR(found.leakageMw.nominal, 65.7474 + 2.01145, 1e-9);
  EXPECT_NEAR(found.areaMm2, 0.203683, 1e-9);
  EXPECT_NEAR(found.cycleNs, 0.570152, 1e-9);
  EXPECT_EQ(found.note, "");
}

TEST(Sram, LowStandbyCellsAndTwoPortsAreRowsOfTheirOwn) {
  SramShape shape = at(64, 64, 45, 1.1);
  shape.lowStandby = true;
  EXPECT_NEAR(sram(shape).leakageMw.nominal, 0.0104308 + 0.000503541, 1e-9);
  shape = at(1, 4);
  shape.twoPorts = true;
  EXPECT_NEAR(sram(shape).readPj.nominal, 1.35208, 1e-9);
}

TEST(Sram, BetweenRowsIsAStraightLineOfLogarithms) {
  const double size = std::sqrt(2.0) * 64, word = std::sqrt(2.0) * 32;
  EXPECT_NEAR(sram(at(size, 64)).readPj.nominal, middle(40.3515, 77.7993), 1e-6);
  EXPECT_NEAR(sram(at(64, word)).readPj.nominal, middle(41.7095, 40.3515), 1e-6);
  EXPECT_NEAR(sram(at(size, word)).writePj.nominal, middle(middle(51.8869, 139.05), middle(66.4696, 157.479)),
              1e-6);
}

TEST(Sram, BetweenNodesIsAStraightLineOfLogarithms) {
  // Each node at its own voltage would be 1.0 and 0.9 V; both are moved to the one asked for.
  const double node = std::sqrt(45.0 * 32.0);
  EXPECT_NEAR(sram(at(64, 64, node, 0.9)).readPj.nominal,
              middle(sram(at(64, 64, 45, 0.9)).readPj.nominal, sram(at(64, 64, 32, 0.9)).readPj.nominal),
              1e-6);
}

TEST(Sram, VoltageScalesEnergyByTheFitAndLeakageInProportion) {
  const Sram own = sram(at(64, 64)), lower = sram(at(64, 64, 45, 0.9));
  const double ratio = (1.018 * 0.81 - 0.3107 * 0.9 + 0.1539) / (1.018 - 0.3107 + 0.1539);
  EXPECT_NEAR(lower.readPj.nominal / own.readPj.nominal, ratio, 1e-9);
  EXPECT_NEAR(lower.leakageMw.nominal / own.leakageMw.nominal, 0.9, 1e-9);
  EXPECT_GE(lower.cycleNs, own.cycleNs);
}

TEST(Sram, TheRangeHoldsWhatIsPublished) {
  // Horowitz, ISSCC 2014: 20 pJ for 64 bits of 32 KiB at 0.9 V.
  const Sram horowitz = sram(at(32, 8, 45, 0.9));
  EXPECT_NEAR(horowitz.readPj.high, 20, 1e-9);
  EXPECT_LT(horowitz.readPj.nominal, 20);
  // Jouppi et al., ISCA 2021: 14 pJ for 64 bits of 1 MiB at 7 nm.
  const Sram recent = sram(at(1024, 8, 7, 0.75));
  EXPECT_NEAR(recent.readPj.nominal, 14, 1e-9);
  EXPECT_LT(recent.readPj.low, 14);
  EXPECT_NE(recent.note, "");
}

TEST(Sram, MoreBytesNeverCostLess) {
  for (const bool standby : {false, true})
    for (const double node : {65.0, 45.0, 28.0, 22.0, 16.0, 7.0}) {
      Sram before;
      for (double kib = 0.25; kib <= 65536; kib *= 2) {
        SramShape shape = at(kib, 64, node, 0.9);
        shape.lowStandby = standby;
        const Sram found = sram(shape);
        EXPECT_GE(found.readPj.nominal, before.readPj.nominal) << node << " nm, " << kib << " KiB";
        EXPECT_GT(found.leakageMw.nominal, before.leakageMw.nominal) << node << " nm, " << kib << " KiB";
        EXPECT_GT(found.areaMm2, before.areaMm2) << node << " nm, " << kib << " KiB";
        before = found;
      }
    }
}

TEST(Sram, AFasterClockCutsTheArrayAndNeverSavesAnything) {
  // 1 MiB of 64 B words cycles in 2.218 ns as a whole.
  SramShape shape = at(1024, 64);
  Sram before = sram(shape);
  EXPECT_EQ(before.parts, 1);
  for (const double period : {2.5, 2.0, 1.0, 0.5, 0.35}) {
    shape.periodNs = period;
    const Sram found = sram(shape);
    EXPECT_LE(found.cycleNs, period);
    EXPECT_GE(found.parts, before.parts);
    EXPECT_GE(found.readPj.nominal, before.readPj.nominal);
    EXPECT_GE(found.areaMm2, before.areaMm2);
    EXPECT_GE(found.leakageMw.nominal, before.leakageMw.nominal);
    before = found;
  }
  EXPECT_GT(before.parts, 4);
  shape.periodNs = 0.1; // no part is so fast
  EXPECT_GT(sram(shape).cycleNs, 0.1);
}

// The table has 8 KiB, and nothing smaller, of 64 B and 128 B words: 80 B lie between them.
TEST(Sram, AWordBetweenTwoWidthsNeedsAnArrayThatHasBoth) {
  const double up = std::log2(80.0 / 64);
  const auto mix = [&](double narrow, double wide) { return narrow * std::pow(wide / narrow, up); };
  const Sram narrow = sram(at(8, 64)), wide = sram(at(8, 128));
  for (const double words : {64.0, 80.0, 102.0, 103.0, 128.0}) {
    const Sram found = sram(at(words * 80 / 1024, 80));
    const double share = std::min(1.0, words * 80 / 8192);
    if (share < 1) {
      EXPECT_NEAR(found.readPj.nominal, mix(narrow.readPj.nominal, wide.readPj.nominal), 1e-9) << words;
      EXPECT_NEAR(found.leakageMw.nominal, share * mix(narrow.leakageMw.nominal, wide.leakageMw.nominal),
                  1e-9);
      EXPECT_NEAR(found.areaMm2, share * mix(narrow.areaMm2, wide.areaMm2), 1e-12);
    }
    EXPECT_EQ(found.note, share < 1 ? "extrapolated below 1 KiB or 64 words of a width of the table" : "")
        << words;
    EXPECT_GT(found.readPj.nominal, narrow.readPj.nominal) << words;
  }
}

TEST(Sram, WordsBeyondTheTableAreArraysSideBySide) {
  const Sram two = sram(at(128, 512)), one = sram(at(64, 256));
  EXPECT_NEAR(two.readPj.nominal, 2 * one.readPj.nominal, 1e-9);
  EXPECT_NEAR(two.areaMm2, 2 * one.areaMm2, 1e-12);
  EXPECT_NEAR(two.cycleNs, one.cycleNs, 1e-12);
}

} // namespace
} // namespace arsis::technology
