// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shipped chips load and carry sources; overrides, recorded reads and comparison do what the compile key
// needs.
#include "arch_configs/reader/Chip.h"
#include "arch_configs/reader/MatrixPasses.h"
#include "arch_configs/schema/Keys.h"
#include "tests/SourceFolder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace arsis::chip {
namespace {

std::string contentsOf(const std::string &path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Chip, EveryShippedChipGivesEveryKeyWithASource) {
  const std::vector<std::string> names = Chip::shipped();
  for (const char *name : {"datacentre", "edge", "edge_training", "fpga", "gemmini", "nvdla", "tiny",
                           "tpu_v1", "tpu_v2", "tpu_v3", "tpu_v4", "tpu_v4i"})
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
  for (const std::string &name : names) {
    Chip chip = Chip::load(name);
    EXPECT_EQ(chip.name, name);
    EXPECT_FALSE(chip.description.empty());
    for (const KeySpec &spec : keySpecs()) {
      if (spec.optional && !chip.has(spec.key))
        continue; // a function of its sizes
      if (spec.kind == KeySpec::Text)
        EXPECT_FALSE(chip.text(spec.key).empty()) << spec.key;
      else
        EXPECT_GE(chip.real(spec.key), spec.minimum) << spec.key;
      EXPECT_GE(chip.source(spec.key).size(), 10u) << spec.key;
      EXPECT_EQ(chip.unit(spec.key), spec.unit);
    }
  }
}

TEST(Chip, ShippedChipsHaveTheSizesTheyAreNamedFor) {
  EXPECT_EQ(Chip::load("tiny").integer("matrix.rows"), 8);
  EXPECT_EQ(Chip::load("edge").integer("matrix.rows"), 16);
  Chip edge = Chip::load("edge");
  EXPECT_EQ(edge.integer("matrix.accumulator_rows") * edge.integer("matrix.cols") * 4, 64 * 1024);
  Chip core = Chip::load("datacentre");
  EXPECT_EQ(core.integer("matrix.accumulator_rows") * core.integer("matrix.cols") * 4 *
                core.integer("matrix.units"),
            4 * 1024 * 1024);
}

TEST(Chip, PublishedChipsHaveTheirMemories) {
  const auto accumulatorKib = [](const Chip &chip) {
    return chip.integer("matrix.units") * chip.integer("matrix.accumulator_rows") *
           chip.integer("matrix.cols") * 4 / 1024;
  };
  EXPECT_EQ(accumulatorKib(Chip::load("tpu_v1")), 4 * 1024); // Jouppi et al., ISCA 2017
  EXPECT_EQ(accumulatorKib(Chip::load("gemmini")), 64);      // Gemmini's ConfigsFP.scala
  const Chip nvdla = Chip::load("nvdla");                    // CBUF: 16 banks of 512 entries of 64 B
  EXPECT_EQ(nvdla.integer("scratchpad.kib") * 1024,
            nvdla.integer("scratchpad.banks") * 512 * nvdla.integer("scratchpad.bank_width_bytes"));
  for (const char *name :
       {"tpu_v2", "tpu_v3", "tpu_v4", "tpu_v4i", "tpu_v1", "gemmini", "nvdla", "fpga", "edge_training"})
    EXPECT_NE(Chip::load(name).text("dram.preset"), "none") << name;
}

TEST(Chip, AnEmulatedProductCostsItsPasses) {
  const Chip core = Chip::load("datacentre");
  const MatrixPasses passes(core);
  EXPECT_EQ(passes.of(numerics::ElementType::F32), 6);
  EXPECT_EQ(passes.of(numerics::ElementType::BF16), 1);
  EXPECT_EQ(passes.of(numerics::ElementType::F16), 0);
  for (const char *name : {"edge", "tiny"})
    for (numerics::ElementType type : kMultipliedTypes)
      EXPECT_EQ(MatrixPasses(Chip::load(name)).of(type), 1);
}

TEST(Chip, LoadsByPathAndFromTheEnvironment) {
  auto folder = std::filesystem::temp_directory_path() / "arsis_chip_test";
  std::filesystem::create_directories(folder);
  std::string text = contentsOf(arsis::sourceFolder() + "arch_configs/chips/tiny.yaml");
  std::ofstream(folder / "mine.yaml") << text.replace(text.find("name: tiny"), 10, "name: mine");
  EXPECT_EQ(Chip::load((folder / "mine.yaml").string()).name, "mine");
  EXPECT_THROW(Chip::load("mine"), Error);
  setenv("ARSIS_CHIP_PATH", ("/nowhere:" + folder.string()).c_str(), 1);
  EXPECT_EQ(Chip::load("mine").name, "mine");
  EXPECT_EQ(Chip::load("edge").name, "edge");
  unsetenv("ARSIS_CHIP_PATH");
  std::filesystem::remove_all(folder);
}

TEST(Chip, RecordsReadsAcrossCopies) {
  Chip chip = Chip::load("tiny");
  EXPECT_TRUE(chip.readKeys().empty());
  Chip copy = chip;
  copy.integer("matrix.rows");
  chip.real("dram.bandwidth_gbps");
  chip.source("matrix.cols");
  EXPECT_EQ(chip.readKeys(), (std::set<std::string>{"dram.bandwidth_gbps", "matrix.rows"}));
  EXPECT_TRUE(chip.withoutReads().readKeys().empty());
}

TEST(Chip, OverrideChangesOneValueAndSaysSo) {
  Chip tiny = Chip::load("tiny");
  tiny.integer("matrix.rows");
  Chip wide = tiny.withOverride("matrix.cols", 32);
  EXPECT_EQ(wide.integer("matrix.cols"), 32);
  EXPECT_EQ(tiny.integer("matrix.cols"), 8);
  EXPECT_EQ(wide.readKeys(), std::set<std::string>{"matrix.cols"});
  EXPECT_EQ(wide.source("matrix.cols").rfind("override of 8 (", 0), 0u);
  EXPECT_DOUBLE_EQ(tiny.withOverride("dram.bandwidth_gbps", "25.6").real("dram.bandwidth_gbps"), 25.6);
}

TEST(Chip, ComparisonSeesOnlyTheKeysItIsGiven) {
  Chip tiny = Chip::load("tiny");
  tiny.integer("matrix.rows");
  tiny.integer("scratchpad.kib");
  Chip faster = tiny.withOverride("dram.bandwidth_gbps", 100);
  EXPECT_TRUE(differences(tiny, faster, tiny.readKeys()).empty());
  Chip smaller = tiny.withOverride("scratchpad.kib", 32);
  auto found = differences(tiny, smaller, tiny.readKeys());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].key, "scratchpad.kib");
  EXPECT_EQ(found[0].left, "64");
  EXPECT_EQ(found[0].right, "32");
  EXPECT_EQ(differences(tiny, faster, allKeys()).size(), 1u);
}

TEST(Chip, AnEnergyMayBeLeftOutAndGivenByAnOverride) {
  const Chip edge = Chip::load("edge");
  EXPECT_FALSE(edge.has("energy.spm_read_pj"));
  EXPECT_TRUE(edge.has("energy.dram_read_pj_per_byte"));
  EXPECT_THROW(edge.real("energy.spm_read_pj"), Error);
  const Chip given = edge.withOverride("energy.spm_read_pj", 12.5);
  EXPECT_DOUBLE_EQ(given.real("energy.spm_read_pj"), 12.5);
  ASSERT_EQ(given.overrides().size(), 1u);
  EXPECT_EQ(given.overrides()[0].from, "a function");
  const auto found = differences(edge, given, allKeys());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].left, "a function");
  EXPECT_EQ(found[0].right, "12.5");
}

TEST(Chip, AnEnergyHasTheRangeOfItsSources) {
  const Chip edge = Chip::load("edge");
  EXPECT_DOUBLE_EQ(edge.low("energy.dram_read_pj_per_byte"), 32);
  EXPECT_DOUBLE_EQ(edge.high("energy.dram_read_pj_per_byte"), 108);
  const Chip given = edge.withOverride("energy.dram_read_pj_per_byte", 200);
  EXPECT_DOUBLE_EQ(given.low("energy.dram_read_pj_per_byte"), 200);
}

TEST(Chip, TheClockIsBoundedByTheMemoriesAtTheirVoltage) {
  // CACTI, 45 nm, itrs-lstp at 1.1 V: no array of two ports and words of 16 B or more cycles
  // faster than in 0.63895 ns; words of 64 B are four of them side by side.
  const Chip slow = Chip::load("edge").withOverrides(
      {{"technology.sram_low_standby", "1"}, {"technology.voltage_v", "1.1"}, {"clock.core_mhz", "1565"}});
  EXPECT_THROW(slow.withOverride("clock.core_mhz", 1566), Error);
  EXPECT_THROW(slow.withOverride("technology.voltage_v", 0.8), Error);
}

TEST(ChipSchema, PageIsUpToDate) {
  EXPECT_EQ(contentsOf(arsis::sourceFolder() + "arch_configs/schema/keys.md"), keysAsMarkdown())
      << "run: arsis-chip keys > arch_configs/schema/keys.md";
}

} // namespace
} // namespace arsis::chip
