// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A run priced again has the report of a run on the other chip; what would change more than its energies is
// refused.
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

const Overrides kDear = {
    {"energy.dram_read_pj_per_byte", 77.25}, {"energy.static_mw", 3}, {"technology.voltage_v", 0.8}};

boost::json::object withoutClock(boost::json::object report) {
  report.erase("wall_clock_s");
  report.at("verification").as_object().erase("wall_clock_s");
  return report;
}

boost::json::object timed(Session &session) {
  RunOptions options;
  options.mode = Mode::TimingOnly;
  return session.run(options);
}

std::string refusal(const Session &session, const Overrides &overrides) {
  try {
    session.price(chipWith(overrides));
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

TEST(Pricing, IsTheReportOfARunOnTheOtherChip) {
  Session cheap(chipWith({}), convolution()), dear(chipWith(kDear), convolution());
  const double before = timed(cheap).at("totals").at("energy_pj").as_double();
  const boost::json::object priced = cheap.price(chipWith(kDear));
  EXPECT_EQ(withoutClock(priced), withoutClock(timed(dear)));
  EXPECT_NE(priced.at("totals").at("energy_pj").as_double(), before);
}

TEST(Pricing, LeavesTheSessionsOwnChipAlone) {
  Session session(chipWith({}), convolution());
  const boost::json::object first = timed(session);
  session.price(chipWith(kDear));
  EXPECT_EQ(withoutClock(session.price(chipWith({}))), withoutClock(first));
}

TEST(Pricing, IsRefusedWhereTimeCouldChange) {
  Session session(chipWith({}), convolution());
  timed(session);
  EXPECT_EQ(refusal(session, {{"dram.trcd_ns", 15}, {"energy.static_mw", 3}}),
            "chip tiny differs in more than its energies: dram.trcd_ns = 15 for " +
                chipWith({}).text("dram.trcd_ns"));
}

TEST(Pricing, NeedsARun) {
  EXPECT_EQ(refusal(Session(chipWith({}), convolution()), {}),
            "there is no run to price, expected one with run() first");
}

} // namespace
} // namespace arsis::sim::test
