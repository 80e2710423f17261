// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each distance between two commands alone: blocked a femtosecond before, ready then, and nowhere else.
#include "simulator/memory/DramCommands.h"
#include "tests/simulator/memory/DramTesting.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

constexpr auto act = DramCommand::Activate, pre = DramCommand::Precharge, rd = DramCommand::Read,
               wr = DramCommand::Write, ref = DramCommand::Refresh;
constexpr Femtoseconds ns = kFemtosecondsPerNanosecond;

// Banks of two ranks of two groups: number = (rank x 2 + bank) x 2 + group.
constexpr size_t kBank = 0, kSameGroup = 2, kOtherGroup = 1, kOtherRank = 4;

/// Times that no sum of others makes; a burst takes 10 ns.
timing::Dram figures() {
  timing::Dram d = plainDram();
  d.ranks = d.groups = 2;
  d.banks = 4;
  d.cl = 31, d.cwl = 23, d.rcd = 41, d.rp = 43, d.ras = 107, d.rc = 163, d.ccd = 11, d.ccdLong = 17;
  d.rrd = 13, d.rrdLong = 19, d.faw = 211, d.wr = 47, d.rtp = 29, d.wtr = 37, d.wtrLong = 53;
  d.rtw = 3, d.rtrs = 5, d.rfc = 401;
  return d;
}

struct Distance {
  const char *name;
  DramCommand from, to;
  double sameBank, sameGroup, otherGroup, otherRank; // ns, 0: none
};
void PrintTo(const Distance &distance, std::ostream *out) { *out << distance.name; }

class DramDistance : public testing::TestWithParam<Distance> {};

TEST_P(DramDistance, BlocksUntilThenAndNotLonger) {
  const Distance &d = GetParam();
  for (const auto &[bank, gap] : {std::pair(kBank, d.sameBank), std::pair(kSameGroup, d.sameGroup),
                                  std::pair(kOtherGroup, d.otherGroup), std::pair(kOtherRank, d.otherRank)}) {
    DramCommands commands(figures());
    const Femtoseconds at = 1000 * ns;
    commands.issue(d.from, kBank, at);
    const Femtoseconds ready = commands.earliest(d.to, bank);
    EXPECT_EQ(ready, gap > 0 ? at + std::llround(gap * 1e6) : 0) << "bank " << bank;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DramDistance,
    testing::Values(Distance{"ActivateToRead", act, rd, 41, 0, 0, 0},         // tRCD
                    Distance{"ActivateToWrite", act, wr, 41, 0, 0, 0},        // tRCD
                    Distance{"ActivateToPrecharge", act, pre, 107, 0, 0, 0},  // tRAS
                    Distance{"ActivateToActivate", act, act, 163, 19, 13, 0}, // tRC, tRRD_L, tRRD_S
                    Distance{"PrechargeToActivate", pre, act, 43, 0, 0, 0},   // tRP
                    Distance{"PrechargeToRefresh", pre, ref, 43, 43, 43, 0},
                    Distance{"ReadToPrecharge", rd, pre, 29, 0, 0, 0},            // tRTP
                    Distance{"WriteToPrecharge", wr, pre, 23 + 10 + 47, 0, 0, 0}, // tCWL + burst + tWR
                    Distance{"ReadToRead", rd, rd, 17, 17, 11, 10 + 5}, // tCCD_L, tCCD_S, burst + tRTRS
                    Distance{"WriteToWrite", wr, wr, 17, 17, 11, 10 + 5},
                    Distance{"WriteToRead", wr, rd, 23 + 10 + 53, 23 + 10 + 53,
                             23 + 10 + 37, // tWTR_L, tWTR_S
                             10 + 0},      // 23 + 5 < 31
                    Distance{"ReadToWrite", rd, wr, 31 + 10 + 3 - 23, 31 + 10 + 3 - 23, 31 + 10 + 3 - 23,
                             31 + 10 + 5 - 23},
                    Distance{"RefreshToActivate", ref, act, 401, 401, 401, 0}, // tRFC
                    Distance{"RefreshToRefresh", ref, ref, 401, 401, 401, 0}),
    [](const testing::TestParamInfo<Distance> &info) { return std::string(info.param.name); });

TEST(DramDistances, TheFifthRowOfARankWaitsForTheFirst) { // tFAW
  timing::Dram d = figures();
  d.banks = 16;
  DramCommands commands(d);
  constexpr size_t kOther = 16;
  for (size_t bank = 0; bank < 4; ++bank)
    commands.issue(act, bank, static_cast<Femtoseconds>(bank) * 20 * ns);
  EXPECT_EQ(commands.earliest(act, 5), 211 * ns);
  EXPECT_EQ(commands.earliest(act, kOther), 0); // of the other rank
  commands.issue(act, 5, 211 * ns);
  EXPECT_EQ(commands.earliest(act, 6), (211 + 20) * ns); // the window moves on
}

TEST(DramDistances, ATableThatIsTooShortIsRepaired) { // the bus carries one burst; a row opens and closes
  timing::Dram d = figures();
  d.ccd = 4, d.ccdLong = 6, d.rc = 100, d.rrdLong = 2, d.wtrLong = 1;
  DramCommands commands(d);
  commands.issue(rd, kBank, 0);
  EXPECT_EQ(commands.earliest(rd, kBank), 10 * ns);
  EXPECT_EQ(commands.earliest(rd, kOtherGroup), 10 * ns);
  commands.issue(act, kBank, 0);
  EXPECT_EQ(commands.earliest(act, kBank), (107 + 43) * ns);
  EXPECT_EQ(commands.earliest(act, kSameGroup), 13 * ns);
  EXPECT_EQ(d.repairs(), (std::vector<std::string>{
                             "tRC of 100 ns is shorter than tRAS + tRP, whose 150 ns are used",
                             "tCCD_S of 4 ns is shorter than a burst on the data bus, whose 10 ns are used",
                             "tCCD_L of 6 ns is shorter than a burst on the data bus, whose 10 ns are used",
                             "tRRD_L of 2 ns is shorter than tRRD_S, whose 13 ns are used",
                             "tWTR_L of 1 ns is shorter than tWTR_S, whose 37 ns are used"}));
  EXPECT_TRUE(figures().repairs().empty());
}

} // namespace
} // namespace arsis::sim::test
