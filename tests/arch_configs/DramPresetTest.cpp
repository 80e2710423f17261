// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Presets fill what a chip's file leaves out and say so; a bandwidth is one of all channels or of one.
#include "arch_configs/reader/Chip.h"
#include "arch_configs/reader/DramOrder.h"
#include "arch_configs/schema/Keys.h"
#include "tests/SourceFolder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace arsis::chip {
namespace {

/// tiny.yaml without the lines of the DRAM's times and rate, with a preset instead; `lines` come on top.
Chip tinyOf(const std::string &preset, const std::string &lines = "") {
  std::ifstream file(arsis::sourceFolder() + "arch_configs/chips/tiny.yaml");
  std::ostringstream kept;
  bool inDram = false;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != ' ')
      inDram = line == "dram:";
    const std::string key = line.substr(0, line.find(':'));
    const bool given = key.find("  t") == 0 || key == "  bandwidth_gbps" || key == "  ranks" ||
                       key == "  bank_groups" || key == "  banks" || key == "  row_bytes" ||
                       key == "  burst_bytes";
    if (!inDram || !given)
      kept << line << "\n";
    if (line == "dram:")
      kept << "  preset: {value: " << preset << ", unit: name, source: \"a test\"}\n" << lines;
  }
  return Chip::parse(kept.str(), "mine.yaml");
}

TEST(DramPreset, FillsWhatTheFileLeavesOutAndSaysSo) {
  const Chip chip = tinyOf("HBM2_2000", "  tcl_ns: {value: 20, unit: ns, source: \"my own\"}\n");
  EXPECT_EQ(chip.real("dram.trcd_ns"), 14);
  EXPECT_EQ(chip.integer("dram.bank_groups"), 4);
  EXPECT_EQ(chip.integer("dram.banks"), 16);
  EXPECT_EQ(chip.source("dram.trcd_ns").rfind("preset HBM2_2000: CMU-SAFARI/ramulator2", 0), 0u);
  EXPECT_EQ(chip.real("dram.tcl_ns"), 20);
  EXPECT_EQ(chip.source("dram.tcl_ns"), "my own");
  EXPECT_TRUE(chip.overrides().empty());
  const std::vector<std::string> assumed = chip.assumedKeys();
  EXPECT_EQ(std::count(assumed.begin(), assumed.end(), "dram.trtw_ns"), 1); // of the preset
  EXPECT_EQ(std::count(assumed.begin(), assumed.end(), "dram.trcd_ns"), 0);
}

TEST(DramPreset, OneMoreChannelIsOneMoreChannel) {
  const Chip chip = tinyOf("HBM2_2000");
  EXPECT_DOUBLE_EQ(chip.real("dram.bandwidth_gbps"), 16);
  EXPECT_DOUBLE_EQ(chip.withOverride("dram.channels", 3).real("dram.bandwidth_gbps"), 48);
  EXPECT_EQ(chip.source("dram.bandwidth_gbps").rfind("derived: 16 GB/s of dram.channel_gbps x 1 channels", 0),
            0u);
}

TEST(DramPreset, ABandwidthOfAllChannelsStaysWhatItIs) {
  const Chip edge = Chip::load("edge");
  EXPECT_DOUBLE_EQ(edge.real("dram.channel_gbps"), 6.4);
  EXPECT_DOUBLE_EQ(edge.withOverride("dram.channels", 4).real("dram.bandwidth_gbps"), 12.8);
  EXPECT_DOUBLE_EQ(edge.withOverride("dram.channels", 4).real("dram.channel_gbps"), 3.2);
  const Chip preset = tinyOf("HBM2_2000").withOverride("dram.bandwidth_gbps", 100);
  EXPECT_DOUBLE_EQ(preset.withOverride("dram.channels", 2).real("dram.bandwidth_gbps"), 100);
  EXPECT_DOUBLE_EQ(preset.real("dram.tcl_ns"), 14); // times stay
  EXPECT_DOUBLE_EQ(edge.withOverride("dram.channel_gbps", 8).real("dram.bandwidth_gbps"), 16);
  EXPECT_EQ(edge.withOverride("dram.channel_gbps", 8).overrides().size(), 1u); // the other follows
}

TEST(DramPreset, AsAnOverrideReplacesAllThatItGives) {
  const Chip chip = Chip::load("edge").withOverrides({{"dram.preset", "DDR4_3200"}, {"dram.tcl_ns", "15"}});
  EXPECT_DOUBLE_EQ(chip.real("dram.bandwidth_gbps"), 2 * 25.6);
  EXPECT_DOUBLE_EQ(chip.real("dram.trp_ns"), 13.75);
  EXPECT_DOUBLE_EQ(chip.real("dram.tcl_ns"), 15);
  EXPECT_EQ(chip.source("dram.trp_ns").rfind("preset DDR4_3200: ", 0), 0u);
  EXPECT_NE(chip.source("dram.trp_ns").find("override of 18.125"), std::string::npos);
  // What it says of itself makes it again.
  std::map<std::string, std::string> said;
  for (const Override &each : chip.overrides())
    said[each.key] = each.to;
  EXPECT_TRUE(differences(chip, Chip::load("edge").withOverrides(said), allKeys()).empty());
}

/// Of every preset: the figures that follow from each other.
class EveryPreset : public testing::TestWithParam<std::string> {};

TEST_P(EveryPreset, IsATableOfOneChannel) {
  const Chip chip = Chip::load("tiny").withOverrides({{"dram.preset", GetParam()}, {"dram.channels", "1"}});
  const double burst = chip.real("dram.burst_bytes") / chip.real("dram.channel_gbps");
  const std::string name = GetParam();
  // The rate in the name times a width of 16, 32 or 64 bit.
  const double bits = chip.real("dram.channel_gbps") * 8000 / std::stod(name.substr(name.find('_') + 1));
  EXPECT_TRUE(bits == 16 || bits == 32 || bits == 64) << bits;
  EXPECT_GE(chip.real("dram.tccd_l_ns"), burst * 0.999);
  EXPECT_GE(chip.real("dram.trc_ns"), chip.real("dram.tras_ns"));
  EXPECT_GE(chip.real("dram.trrd_l_ns"), chip.real("dram.trrd_ns"));
  EXPECT_GE(chip.real("dram.twtr_l_ns"), chip.real("dram.twtr_ns"));
  for (const KeySpec &spec : keySpecs())
    if (spec.key.rfind("dram.t", 0) == 0)
      EXPECT_NE(chip.source(spec.key).find("preset " + name), std::string::npos) << spec.key;
}
INSTANTIATE_TEST_SUITE_P(All, EveryPreset, testing::ValuesIn(Chip::dramPresets()),
                         [](const testing::TestParamInfo<std::string> &info) { return info.param; });

TEST(DramPreset, ThereIsOneOfEveryStandard) {
  const std::vector<std::string> names = Chip::dramPresets();
  for (const char *standard :
       {"DDR3_", "DDR4_", "DDR5_", "LPDDR4_", "LPDDR5_", "GDDR6_", "HBM2_", "HBM2E_", "HBM3_"})
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [&](const std::string &name) {
      return name.rfind(standard, 0) == 0;
    })) << standard;
}

TEST(DramOrder, ABankWithoutGroupHasItInItsLowPart) {
  using F = DramField;
  EXPECT_EQ(parseDramOrder("row-bank-rank-column-channel"),
            (std::vector<F>{F::Row, F::Bank, F::Group, F::Rank, F::Column}));
  EXPECT_EQ(parseDramOrder(kPlainDramOrder), (std::vector<F>{F::Row, F::Rank, F::Bank, F::Group, F::Column}));
}

} // namespace
} // namespace arsis::chip
