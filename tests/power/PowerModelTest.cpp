// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What chips cost against the tables by hand, and the laws of sizes.
#include "power/PowerModel.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace arsis::power {
namespace {

using chip::Chip;

double energyOf(const Chip &chip, const char *key) { return PowerModel(chip).coefficient(key).value.nominal; }

double partOf(const std::vector<Part> &parts, const std::string &name) {
  for (const Part &part : parts)
    if (part.name == name)
      return part.value.nominal;
  throw Error("no part " + name);
}
double leakage(const Chip &chip, const char *part) { return partOf(PowerModel(chip).statics(), part); }
double area(const Chip &chip, const char *part) { return partOf(PowerModel(chip).areas(), part); }

/// 45 nm at 1.0 V, where CACTI's figures stand as they are.
Chip edge() { return Chip::load("edge").withOverride("technology.voltage_v", 1.0); }

TEST(PowerModel, MemoriesAreTheirRowsOfTheTable) {
  // Four banks of 64 KiB, 64 B words, one port; two of 32 KiB, 64 B words, a read and a write port.
  EXPECT_NEAR(energyOf(edge(), "energy.spm_read_pj"), 40.3515, 1e-9);
  EXPECT_NEAR(energyOf(edge(), "energy.spm_write_pj"), 139.05, 1e-9);
  EXPECT_NEAR(energyOf(edge(), "energy.acc_read_pj"), 40.9789, 1e-9);
  EXPECT_NEAR(energyOf(edge(), "energy.acc_write_pj"), 102.963, 1e-9);
  EXPECT_NEAR(leakage(edge(), "scratchpad"), 4 * (65.7474 + 2.01145), 1e-9);
  EXPECT_NEAR(leakage(edge(), "accumulators"), 2 * (40.6123 + 1.31692), 1e-4);
  EXPECT_NEAR(area(edge(), "scratchpad"), 4 * 0.203683, 1e-9);
}

TEST(PowerModel, ProductsAreTheirMultiplierAndAdder) {
  const Chip chip = Chip::load("edge"); // 45 nm, 0.9 V
  EXPECT_NEAR(energyOf(chip, "energy.mac_f32_pj"), 4.6, 1e-9);
  EXPECT_NEAR(energyOf(chip, "energy.mac_f16_pj"), 2.0, 1e-9);
  EXPECT_NEAR(energyOf(chip, "energy.vector_transcendental_pj"), 8 * 4.6, 1e-9);
}

TEST(PowerModel, AnEmulatedProductCostsItsPasses) {
  const Chip core = Chip::load("datacentre"); // fp32 in six passes of bf16
  EXPECT_NEAR(energyOf(core, "energy.mac_f32_pj"), 6 * energyOf(core, "energy.mac_bf16_pj"), 1e-9);
  const Chip three = core.withOverride("matrix.fp32_passes", 3);
  EXPECT_NEAR(energyOf(three, "energy.mac_f32_pj"), 3 * energyOf(core, "energy.mac_bf16_pj"), 1e-9);
}

TEST(PowerModel, AGivenFigureReplacesTheFunctionAndIsMarked) {
  const PowerModel given(edge().withOverride("energy.spm_read_pj", 7));
  EXPECT_TRUE(given.coefficient("energy.spm_read_pj").given);
  EXPECT_FALSE(given.coefficient("energy.spm_write_pj").given);
  EXPECT_DOUBLE_EQ(given.coefficient("energy.spm_read_pj").value.high, 7);
  const PowerModel idle(edge().withOverride("energy.static_mw", 5));
  EXPECT_DOUBLE_EQ(partOf(idle.statics(), "chip"), 5);
  EXPECT_EQ(idle.statics().size(), 3u); // the DRAM's two besides
}

TEST(PowerModel, RefreshIsItsEnergyOverItsInterval) {
  // Two channels, 22,390 pJ each 3,903.75 ns.
  EXPECT_NEAR(leakage(edge(), "dram_refresh"), 2 * 22390 / edge().real("dram.trefi_ns"), 1e-9);
  EXPECT_DOUBLE_EQ(leakage(edge().withOverride("dram.trfc_ns", 0.0), "dram_refresh"), 0);
}

struct Larger {
  const char *key, *part;
};
class MoreOfAPart : public testing::TestWithParam<Larger> {};

TEST_P(MoreOfAPart, NeitherLeaksNorMeasuresLess) {
  for (const char *name : {"tiny", "edge", "datacentre"}) {
    const Chip chip = Chip::load(name);
    double factor = 1, before = 0, size = 0;
    for (int step = 0; step < 4; ++step, factor *= 2) {
      const Chip more = chip.withOverride(GetParam().key, chip.real(GetParam().key) * factor);
      EXPECT_GT(leakage(more, GetParam().part), before) << name << " x " << factor;
      EXPECT_GT(area(more, GetParam().part), size) << name << " x " << factor;
      before = leakage(more, GetParam().part);
      size = area(more, GetParam().part);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, MoreOfAPart,
                         testing::Values(Larger{"scratchpad.kib", "scratchpad"},
                                         Larger{"matrix.rows", "array"}, Larger{"matrix.cols", "array"},
                                         Larger{"matrix.weight_banks", "array"},
                                         Larger{"matrix.accumulator_rows", "accumulators"},
                                         Larger{"technology.instruction_buffer_kib", "instruction_buffer"},
                                         Larger{"vector.lanes", "vector"}),
                         [](const auto &info) {
                           std::string name = info.param.key;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(PowerModel, EveryFigureHasASourceAndAnOrderedRange) {
  for (const char *name : {"tiny", "edge", "datacentre"}) {
    const PowerModel model(Chip::load(name));
    for (const Coefficient &energy : model.coefficients()) {
      EXPECT_FALSE(energy.source.empty()) << energy.key;
      EXPECT_LE(energy.value.low, energy.value.nominal) << energy.key;
      EXPECT_LE(energy.value.nominal, energy.value.high) << energy.key;
    }
    EXPECT_GT(model.clockLimitMhz, Chip::load(name).real("clock.core_mhz"));
  }
}

} // namespace
} // namespace arsis::power
