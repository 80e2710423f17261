// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each mistake in a chip file is one error that names the key, the line and what was expected.
#include "arch_configs/reader/Chip.h"
#include "tests/MessageOf.h"
#include "tests/SourceFolder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace arsis::chip {
namespace {

/// tiny.yaml with the first occurrence of `from` replaced; returns the error of reading it, "" if there is
/// none.
std::string errorAfter(const std::string &from, const std::string &to) {
  std::ifstream file(arsis::sourceFolder() + "arch_configs/chips/tiny.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  std::string yaml = text.str();
  size_t at = yaml.find(from);
  if (at == std::string::npos)
    return "the test looks for text that is not in tiny.yaml: " + from;
  try {
    Chip::parse(yaml.replace(at, from.size(), to), "chip.yaml");
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

struct Mistake {
  const char *name, *from, *to, *message;
};

class ChipError : public testing::TestWithParam<Mistake> {};

TEST_P(ChipError, NamesKeyLineAndExpectation) {
  const Mistake &mistake = GetParam();
  std::string error = errorAfter(mistake.from, mistake.to);
  EXPECT_EQ(error.substr(0, std::string(mistake.message).size()), mistake.message);
  EXPECT_NE(error.find("expected"), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    All, ChipError,
    testing::Values(
        Mistake{"UnknownSection", "\nmatrix:", "\nmatrices:", "chip.yaml:8: unknown key 'matrices'"},
        Mistake{"TwoDocuments",
                "\nmatrix:", "\n---\nmatrix:", "chip.yaml: found several YAML documents, expected one"},
        Mistake{"LeadingComma", "name: tiny\n", ",name: tiny\n",
                "chip.yaml: found several YAML documents, expected one"},
        Mistake{"LeadingZero", "core_mhz: {value: 500", "core_mhz: {value: 0500",
                "chip.yaml:6: value '0500' of clock.core_mhz is not a number, expected"},
        Mistake{"ClockItsMemoriesCannotFollow", "core_mhz: {value: 500", "core_mhz: {value: 6000",
                "chip.yaml:6: clock.core_mhz is 6000, expected at most the"},
        Mistake{
            "VoltageOutsideOfTheFits", "voltage_v: {value: 0.9", "voltage_v: {value: 1.25",
            "chip.yaml:92: technology.voltage_v and technology.node_nm: 1.25 V at 45 nm is outside of the "
            "fits, expected 0.6 to 1.1 V"},
        Mistake{
            "RangeWithoutItsValue", "low: 62.4", "low: 70",
            "chip.yaml:99: value 62.4 of energy.dram_read_pj_per_byte lies outside of its range, expected"},
        Mistake{"CoefficientWithoutASource", "dram_activate_pj: {value: 10652, unit: pJ,",
                "dram_activate_pj: {value: 10652, unit: pJ, source: \"\"} # {",
                "chip.yaml:101: source of energy.dram_activate_pj is missing"},
        Mistake{"RangeOfASize", "rows: {value: 8,", "rows: {value: 8, low: 4,",
                "chip.yaml:10: unknown part 'low' of matrix.rows, expected value, unit and source"},
        Mistake{"KeyThatIsGone", "dram_read_pj_per_byte", "dram_pj_per_byte",
                "chip.yaml:99: unknown key 'energy.dram_pj_per_byte', expected energy.dram_read_pj_per_byte"},
        Mistake{"UnknownKey", "  rows: {", "  rowz: {", "chip.yaml:10: unknown key 'matrix.rowz'"},
        Mistake{"MissingKey", "  cols: {value: 8, unit: PE, source:", "  #",
                "chip.yaml:2: missing keys, expected also matrix.cols [PE]"},
        Mistake{"WrongUnit", "core_mhz: {value: 500, unit: MHz", "core_mhz: {value: 500, unit: GHz",
                "chip.yaml:6: unit 'GHz' of clock.core_mhz is wrong, expected MHz"},
        Mistake{"MissingUnit", "core_mhz: {value: 500, unit: MHz,", "core_mhz: {value: 500,",
                "chip.yaml:6: unit of clock.core_mhz is missing"},
        Mistake{"MissingValue", "core_mhz: {value: 500,", "core_mhz: {",
                "chip.yaml:6: value of clock.core_mhz is missing"},
        Mistake{"EmptySource", "source: \"assumed: a modest clock for 45 nm\"", "source: \"\"",
                "chip.yaml:6: source of clock.core_mhz is missing"},
        Mistake{"UnknownPart", "core_mhz: {value: 500,", "core_mhz: {value: 500, range: 3,",
                "chip.yaml:6: unknown part 'range' of clock.core_mhz"},
        Mistake{"NotANumber", "value: 500", "value: fast",
                "chip.yaml:6: value 'fast' of clock.core_mhz is not a number"},
        Mistake{"NotFinite", "value: 500", "value: inf",
                "chip.yaml:6: value 'inf' of clock.core_mhz is not a number"},
        Mistake{"NotWhole", "rows: {value: 8,", "rows: {value: 8.5,",
                "chip.yaml:10: value 8.5 of matrix.rows is not whole"},
        Mistake{"Impossible", "rows: {value: 8,", "rows: {value: 0,",
                "chip.yaml:10: value 0 of matrix.rows is impossible, expected between 1 and 1024 PE"},
        Mistake{"Negative", "tcl_ns: {value: 13.75,", "tcl_ns: {value: -1,",
                "chip.yaml:66: value -1 of dram.tcl_ns is impossible"},
        Mistake{"OldLatency", "  tcl_ns: {", "  latency_ns: {",
                "chip.yaml:66: unknown key 'dram.latency_ns', expected its parts dram.controller_ns, "
                "dram.interconnect_ns, dram.phy_ns and dram.tcl_ns (without the burst), and "
                "dram.interleave_bytes beside them"},
        Mistake{"OldRowMiss", "  trp_ns: {", "  row_miss_ns: {",
                "chip.yaml:69: unknown key 'dram.row_miss_ns', expected dram.trp_ns and dram.trcd_ns"},
        Mistake{"NoRefreshInterval", "trefi_ns: {value: 7800,", "trefi_ns: {value: 0,",
                "chip.yaml:84: value 0 of dram.trefi_ns is impossible"},
        Mistake{"NothingButRefresh", "trefi_ns: {value: 7800,", "trefi_ns: {value: 350,",
                "chip.yaml:83: dram.trfc_ns is 350, with tRTP, tRP and tRCD 385, expected less than the 350 "
                "ns of dram.trefi_ns"},
        Mistake{"RowClosesBeforeItIsOpen", "tras_ns: {value: 35,", "tras_ns: {value: 10,",
                "chip.yaml:68: dram.trcd_ns is 13.75, expected at most the 10 ns of dram.tras_ns"},
        Mistake{
            "UnknownPreset", "bandwidth_gbps: {value: 12.8, unit: GB/s,",
            "preset: {value: DDR9, unit: name, source: none}\n  bandwidth_gbps: {value: 12.8, unit: GB/s,",
            "chip.yaml:46: unknown dram.preset 'DDR9', expected one of DDR3_1600, DDR4_2400, "},
        Mistake{
            "TwoBandwidths", "bandwidth_gbps: {value: 12.8, unit: GB/s,",
            "channel_gbps: {value: 1, unit: GB/s, source: none}\n  bandwidth_gbps: {value: 12.8, unit: GB/s,",
            "chip.yaml:46: found dram.channel_gbps beside dram.bandwidth_gbps, expected one"},
        Mistake{
            "NoBandwidth", "  bandwidth_gbps: {", "  #",
            "chip.yaml:2: missing keys, expected also dram.bandwidth_gbps [GB/s], dram.channel_gbps [GB/s]"},
        Mistake{
            "UnknownWord", "{value: in_order,", "{value: random,",
            "chip.yaml:62: value 'random' of dram.scheduler is unknown, expected one of in_order fr_fcfs"},
        Mistake{"UnevenGroups", "bank_groups: {value: 1,", "bank_groups: {value: 3,",
                "chip.yaml:53: dram.banks gives 8 banks, expected a multiple of the 3 groups"},
        Mistake{"UnknownField", "value: row-rank-bank-", "value: row-rank-plane-",
                "chip.yaml:57: dram.order: unknown field 'plane' in 'row-rank-plane-group-column-channel', "
                "expected"},
        Mistake{"RepeatedField", "value: row-rank-bank-", "value: row-bank-bank-",
                "chip.yaml:57: dram.order: field 'bank' is there twice"},
        Mistake{"MissingField", "value: row-rank-bank-", "value: row-rank-",
                "chip.yaml:57: dram.order: field 'bank' is missing"},
        Mistake{"ChannelIsNotLast", "bank-group-column-channel", "channel-bank-group-column",
                "chip.yaml:57: dram.order: found 'row' first and 'column' last"},
        Mistake{"UnevenBatches", "write_batch: {value: 32,", "write_batch: {value: 48,",
                "chip.yaml:60: dram.write_queue gives 64 bursts, expected a multiple of the 48 bursts"},
        Mistake{"DuplicateKey", "  cols: {", "  rows: {", "chip.yaml:11: 'rows' of matrix is given twice"},
        Mistake{"DuplicateSection",
                "\nvector:", "\nmatrix:", "chip.yaml:25: 'matrix' of the chip is given twice"},
        Mistake{"UnevenBanks", "banks: {value: 4,", "banks: {value: 3,",
                "chip.yaml:21: scratchpad.kib gives 65536 bytes, expected a multiple of the 96 bytes"},
        Mistake{"UnevenRequests", "request_bytes: {value: 64,", "request_bytes: {value: 194,",
                "chip.yaml:40: dma.request_bytes gives 194 bytes, expected a multiple of the 64 bytes of "
                "dram.burst_bytes"},
        Mistake{"UnevenInterleave", "interleave_bytes: {value: 64,", "interleave_bytes: {value: 96,",
                "chip.yaml:56: dram.interleave_bytes gives 96 bytes, expected a multiple of the 64 bytes of "
                "dram.burst_bytes"},
        Mistake{"SectionIsNoMap", "\nclock:\n", "\nclock: 3\nunused:\n", "chip.yaml:5: clock is not a map"},
        Mistake{"NoName", "name: tiny\n", "", "chip.yaml:2: key 'name' is missing"},
        Mistake{"BadYaml", "core_mhz: {", "core_mhz: }", "chip.yaml:6: not valid YAML ("}),
    [](const testing::TestParamInfo<Mistake> &info) { return std::string(info.param.name); });

TEST(ChipError, AccumulatorsOfAllArraysAreBounded) {
  // 16 arrays of 2^20 rows of 32 columns are 2^31 bytes, which a host can hold.
  const Chip wide = Chip::load("tiny").withOverride("matrix.units", 16).withOverride("matrix.cols", 32);
  EXPECT_EQ(messageOf([&] { wide.withOverride("matrix.accumulator_rows", 1 << 20); }), "no error");
  EXPECT_NE(messageOf([&] {
              wide.withOverride("matrix.accumulator_rows", 1 << 20).withOverride("matrix.cols", 33);
            })
                .find("the accumulators of all arrays hold 2214592512 bytes (matrix.units x "
                      "matrix.accumulator_rows x matrix.cols x 4), expected at most 2147483648"),
            std::string::npos);
}

TEST(ChipError, ARequestShorterThanABurstCostsAWholeOne) {
  EXPECT_EQ(messageOf([&] { Chip::load("tiny").withOverride("dma.request_bytes", 48); }), "no error");
}

TEST(ChipAccessError, UnknownNamesAndKinds) {
  Chip chip = Chip::load("tiny");
  EXPECT_EQ(
      messageOf([&] { Chip::load("tinny"); }),
      "unknown chip 'tinny', expected one of datacentre, edge, edge_training, fpga, gemmini, nvdla, tiny, "
      "tpu_v1, tpu_v2, tpu_v3, tpu_v4, tpu_v4i or the path of a .yaml file");
  EXPECT_EQ(messageOf([&] { Chip::load("./no.yaml"); }),
            "./no.yaml: cannot read the file: No such file or directory");
  EXPECT_EQ(messageOf([&] { chip.integer("matrix.row"); }),
            "unknown chip key 'matrix.row', expected a key of arch_configs/schema/keys.md");
  EXPECT_NE(messageOf([&] {
              chip.withOverride("dram.latency_ns", 20);
            }).find("'dram.latency_ns', expected its parts dram.controller_ns, "),
            std::string::npos);
  EXPECT_EQ(messageOf([&] { chip.integer("dram.bandwidth_gbps"); }),
            "chip key 'dram.bandwidth_gbps' is a real number, expected one that is an integer");
  EXPECT_NE(messageOf([&] {
              chip.withOverride("matrix.rows", 0);
            }).find("with an override: value 0 of matrix.rows"),
            std::string::npos);
  EXPECT_NE(messageOf([&] { chip.withOverride("nothing", 0); }).find("unknown chip key 'nothing'"),
            std::string::npos);
  EXPECT_NE(messageOf([&] { chip.withOverride("scratchpad.banks", 3); }).find("multiple"), std::string::npos);
}

/// The error of overriding values of tiny.
std::string errorOf(const std::map<std::string, std::string> &values) {
  return messageOf([&] { Chip::load("tiny").withOverrides(values); });
}

TEST(ChipErrors, RelateValuesOfTheDram) {
  EXPECT_NE(errorOf({{"dram.order", "row-bank-column-channel"}, {"dram.ranks", "2"}})
                .find("dram.order 'row-bank-column-channel' has no rank, expected one for the 2 ranks"),
            std::string::npos);
  EXPECT_NE(errorOf({{"dram.order", "row-bank-rank-column-channel"}, {"dram.banks", "12"}})
                .find("dram.banks is 12, expected a power of two, since dram.order "
                      "'row-bank-rank-column-channel' takes bits of the address"),
            std::string::npos);
  EXPECT_EQ(errorOf({{"dram.banks", "12"}}), "no error"); // rows go round any number
  EXPECT_NE(errorOf({{"dram.bandwidth_gbps", "10"}, {"dram.channel_gbps", "10"}})
                .find("expected one of them, from which the other follows"),
            std::string::npos);
  const std::string none = messageOf([] {
    Chip::load("tiny").withOverride("dram.preset", "DDR4_3200").withOverride("dram.preset", "none");
  });
  EXPECT_NE(none.find("expected the name of a preset"), std::string::npos) << none;
}

} // namespace
} // namespace arsis::chip
