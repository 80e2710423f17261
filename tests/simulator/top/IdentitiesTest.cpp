// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every number explains itself: cycle accounts, bytes at every level, energy, and how they move with the
// chip.
#include "tests/simulator/Support.h"
#include "timing/Dma.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

boost::json::object report(const Overrides &overrides, const std::shared_ptr<const isa::Program> &program,
                           const std::string &chip = "tiny") {
  Session session(chipWith(overrides, chip), program);
  writeZeros(session);
  return session.run();
}
int64_t integer(const boost::json::value &value) { return value.as_int64(); }
double real(const boost::json::value &value) { return value.to_number<double>(); }

/// One load of `kib` KiB, contiguous.
std::shared_ptr<const isa::Program> bigLoad(int kib) {
  const std::string n = std::to_string(kib * 1024 / 4);
  return programOf("arsis 1\ndram " + std::to_string(kib * 1024) + "\ntensor x input f32 [1, 1, 1, " + n +
                   "] at 0\nlocation 0 layer l phase fwd op load\nstream load 0\n  load tensor=x, "
                   "coordinate=[0, 0, 0, 0], "
                   "box=[1, 1, 1, " +
                   n + "], local=0, localStride=[0, 0, 0, 1], localType=f32, fill=0\n");
}

TEST(Identities, BusyPlusStalledPlusIdleIsTotal) {
  const auto r = report({}, convolution());
  for (const auto &unit : r.at("units").as_array()) {
    int64_t stalled = 0;
    for (const auto &cause : unit.at("stalled").as_object())
      stalled += integer(cause.value());
    EXPECT_EQ(stalled, integer(unit.at("stalled_total")));
    EXPECT_EQ(integer(unit.at("busy")) + stalled + integer(unit.at("idle")),
              integer(r.at("totals").at("cycles")));
    EXPECT_GT(integer(unit.at("busy")), 0);
  }
}

TEST(Identities, CyclesOfLayersAddUpToTheTotal) {
  const auto r = report({}, convolution());
  int64_t cycles = 0;
  for (const auto &layer : r.at("layers").as_array())
    cycles += integer(layer.at("cycles"));
  EXPECT_EQ(cycles, integer(r.at("totals").at("cycles")));
}

TEST(Identities, BytesInAreBytesOutAtEveryLevel) {
  const auto r = report({}, convolution());
  const auto &traffic = r.at("traffic").as_object();
  const auto &dram = traffic.at("dram").as_object();
  const auto &spm = traffic.at("scratchpad").as_object();
  EXPECT_EQ(integer(dram.at("out")), integer(dram.at("payload_out")) + integer(dram.at("overfetch_out")));
  EXPECT_EQ(integer(dram.at("payload_out")) + integer(spm.at("fill_in")),
            integer(spm.at("in_by_unit").at("load")));
  EXPECT_EQ(integer(dram.at("payload_in")), integer(spm.at("out_by_unit").at("store")));
  EXPECT_EQ(integer(dram.at("payload_in")), 5 * 6 * 8 * 4);
  // Every drained byte is stored, and what drains comes out of the accumulators.
  EXPECT_EQ(integer(spm.at("in_by_unit").at("drain")), integer(spm.at("out_by_unit").at("store")));
  EXPECT_EQ(integer(traffic.at("accumulators").at("out_by_unit").at("drain")),
            integer(spm.at("in_by_unit").at("drain")));
  // Nine taps write each accumulator row, eight of them read it first.
  EXPECT_EQ(integer(traffic.at("accumulators").at("in")), 9 * 5 * 6 * 8 * 4);
  EXPECT_EQ(integer(traffic.at("accumulators").at("out_by_unit").at("matrix")), 8 * 5 * 6 * 8 * 4);
  EXPECT_EQ(integer(r.at("totals").at("macs")), 9 * 5 * 6 * 4 * 8);
}

TEST(Identities, PassesTakeTheArrayAndAreNoMoreProducts) {
  const auto once = report({}, convolution()), six = report({{"matrix.fp32_passes", 6}}, convolution());
  const int64_t macs = 9 * 5 * 6 * 4 * 8, elements = 8 * 8;
  for (const auto &[r, passes] : {std::pair{&once, 1}, {&six, 6}}) {
    const auto &totals = r->at("totals").as_object();
    EXPECT_EQ(integer(totals.at("macs")), macs);
    EXPECT_EQ(integer(totals.at("mac_f32")), macs);
    EXPECT_DOUBLE_EQ(real(totals.at("utilisation")), passes * macs / (real(totals.at("cycles")) * elements));
    EXPECT_DOUBLE_EQ(real(r->at("roofline").at("peak_macs_per_cycle")), double(elements) / passes);
    EXPECT_EQ(integer(r->at("chip").at("multiplies").at("f32")), passes);
    for (const auto &layer : r->at("layers").as_array())
      EXPECT_LE(real(layer.at("utilisation")), 1);
    // Each of nine taps is added up `passes` times, the first of all is not added to anything.
    const auto &traffic = r->at("traffic").at("accumulators").as_object();
    EXPECT_EQ(integer(traffic.at("in")), passes * 9 * 5 * 6 * 8 * 4);
    EXPECT_EQ(integer(traffic.at("out_by_unit").at("matrix")), (passes * 9 - 1) * 5 * 6 * 8 * 4);
  }
  EXPECT_TRUE(once.at("hypothetical").as_array().empty());
  ASSERT_EQ(six.at("hypothetical").as_array().size(), 1u);
  EXPECT_EQ(six.at("hypothetical").as_array()[0].as_string(),
            "tiny multiplies f32 in 6 passes of bf16 or f16; values here are those of true f32");
  EXPECT_GT(integer(six.at("totals").at("cycles")), integer(once.at("totals").at("cycles")));
}

TEST(Identities, EnergyIsEventsTimesCoefficientAndTheSumOfItsParts) {
  const auto r = report({}, convolution());
  double components = 0, layers = 0;
  for (const auto &component : r.at("energy").as_object()) {
    EXPECT_NEAR(real(component.value().at("pj")),
                real(component.value().at("events")) * real(component.value().at("coefficient")),
                1e-9 * real(component.value().at("pj")))
        << component.key();
    EXPECT_FALSE(component.value().at("source").as_string().empty());
    components += real(component.value().at("pj"));
  }
  for (const auto &layer : r.at("layers").as_array())
    layers += real(layer.at("energy_pj"));
  const double total = real(r.at("totals").at("energy_pj"));
  EXPECT_NEAR(components, total, 1e-9 * total);
  EXPECT_NEAR(layers, total, 1e-9 * total);
}

TEST(Scaling, HalvingTheCoefficientOfDramTakesExactlyItsShareOff) {
  const auto half = [](const char *key) { return chipWith({}).real(key) / 2; };
  const auto a = report({}, convolution()),
             b = report({{"energy.dram_read_pj_per_byte", half("energy.dram_read_pj_per_byte")},
                         {"energy.dram_write_pj_per_byte", half("energy.dram_write_pj_per_byte")}},
                        convolution());
  auto dram = [](const boost::json::object &r) {
    return real(r.at("energy").at("dram_read_bytes").at("pj")) +
           real(r.at("energy").at("dram_write_bytes").at("pj"));
  };
  EXPECT_DOUBLE_EQ(dram(b), dram(a) / 2);
  EXPECT_NEAR(real(a.at("totals").at("energy_pj")) - real(b.at("totals").at("energy_pj")), dram(a) / 2, 1e-6);
}

TEST(Scaling, TwiceTheBandwidthHalvesAMemoryBoundLoad) {
  const Overrides wide = {{"dma.bus_bytes_per_cycle", 256},
                          {"dma.outstanding_requests", 256},
                          {"scratchpad.kib", 1024},
                          {"dram.trfc_ns", 0}};
  for (const std::string chip : {"tiny", "edge"}) {
    Overrides twice = wide;
    const double bandwidth = chipWith({}, chip).real("dram.bandwidth_gbps");
    twice.push_back({"dram.bandwidth_gbps", 2 * bandwidth});
    const double before = real(report(wide, bigLoad(512), chip).at("totals").at("cycles"));
    const double after = real(report(twice, bigLoad(512), chip).at("totals").at("cycles"));
    EXPECT_GE(after / before, 0.50) << chip;
    EXPECT_LE(after / before, 0.55) << chip;
    // 512 KiB at the peak bandwidth is the floor.
    const double floor = 512 * 1024 / bandwidth * chipWith({}, chip).real("clock.core_mhz") / 1000;
    EXPECT_GE(before, floor);
    EXPECT_LE(before, 1.1 * floor);
  }
}

TEST(Scaling, FewOutstandingRequestsBoundTheBandwidth) {
  const Overrides few = {{"dma.outstanding_requests", 1}, {"scratchpad.kib", 1024}};
  const auto slow = report(few, bigLoad(64)), fast = report({{"scratchpad.kib", 1024}}, bigLoad(64));
  const chip::Chip chip = chipWith(few);
  // One request per round trip.
  const double requests = 64 * 1024.0 / static_cast<double>(chip.integer("dma.request_bytes"));
  const double trip = timing::Dram(chip).readLatencyNs() * chip.real("clock.core_mhz") / 1000;
  EXPECT_GE(real(slow.at("totals").at("cycles")), requests * trip);
  EXPECT_GT(real(slow.at("totals").at("cycles")), 2 * real(fast.at("totals").at("cycles")));
}

} // namespace
} // namespace arsis::sim::test
