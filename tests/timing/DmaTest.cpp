// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Laws of the closed forms of a DMA queue. That the machine obeys them is in tests/simulator/units.
#include "timing/Dma.h"
#include "timing/DramMap.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <memory>

namespace arsis::timing {
namespace {

using Overrides = std::map<std::string, std::string>;

Dma dma(const std::string &chip, const Overrides &overrides = {}) {
  return Dma(chip::Chip::load(chip).withOverrides(overrides));
}

/// Boxes of rows: long and short ones, aligned and not.
std::vector<Runs> boxes() {
  return {
      runsOfBox({1, 1, 1, 1 << 20}, {1, 1, 1, 16}, 4),  runsOfBox({1, 1, 1, 1 << 20}, {1, 1, 1, 16384}, 4),
      runsOfBox({1, 1, 64, 1024}, {1, 1, 64, 16}, 4),   runsOfBox({1, 1, 64, 4096}, {1, 1, 64, 128}, 4),
      runsOfBox({4, 14, 14, 33}, {4, 3, 14, 33}, 4),    runsOfBox({1, 1, 500, 7}, {1, 1, 100, 3}, 4),
      runsOfBox({1, 1, 1 << 12, 24}, {1, 1, 500, 8}, 4)};
}

double cycles(const Dma &form, const Runs &runs, int64_t n, bool store = false) {
  return form.stream(form.transfer(runs, 0, runs.bytes, 0, store), n);
}

constexpr double kRounding = 1 + 1e-12;

void expectNeverSlower(const std::string &key, const std::vector<std::string> &values,
                       const std::function<Overrides(const std::string &)> &also = nullptr) {
  for (const std::string chip : {"tiny", "edge", "datacentre"}) {
    std::vector<std::unique_ptr<Dma>> forms;
    for (const std::string &value : values) {
      Overrides overrides = also ? also(value) : Overrides{};
      overrides[key] = value;
      forms.push_back(std::make_unique<Dma>(chip::Chip::load(chip).withOverrides(overrides)));
    }
    for (const Runs &runs : boxes())
      for (int64_t n : {1, 5, 1000})
        for (size_t i = 1; i < forms.size(); ++i)
          for (bool store : {false, true})
            EXPECT_LE(cycles(*forms[i], runs, n, store), kRounding * cycles(*forms[i - 1], runs, n, store))
                << chip << " " << key << " = " << values[i] << ", " << n << " transfers of " << runs.runs()
                << " runs of " << runs.bytes;
  }
}

TEST(DmaForm, MoreBandwidthIsNeverSlower) {
  expectNeverSlower("dram.bandwidth_gbps", {"1", "3.3", "12.8", "13", "100", "450", "9999"});
}
TEST(DmaForm, AWiderBusIsNeverSlower) {
  expectNeverSlower("dma.bus_bytes_per_cycle", {"1", "3", "16", "64", "512", "4096"});
}
TEST(DmaForm, MoreEntriesAreNeverSlower) {
  expectNeverSlower("dma.outstanding_requests", {"1", "2", "7", "16", "512", "65536"});
}
TEST(DmaForm, MoreChannelsOfTheSameRateAreNeverSlower) {
  expectNeverSlower("dram.channels", {"1", "2", "4", "8", "16", "32", "64"}, [](const std::string &channels) {
    return Overrides{{"dram.bandwidth_gbps", std::to_string(6.4 * std::stod(channels))}};
  });
}
TEST(DmaForm, LongerRequestsAreNeverSlowerForARun) {
  for (const std::string chip : {"tiny", "edge", "datacentre"}) {
    double before = std::numeric_limits<double>::infinity();
    for (const char *bytes : {"64", "128", "512", "4096", "16384"}) {
      const double now = cycles(dma(chip, {{"dma.request_bytes", bytes}, {"dma.outstanding_requests", "4"}}),
                                runsOfBox({1, 1, 1, 1 << 20}, {1, 1, 1, 16384}, 4), 100);
      EXPECT_LE(now, before) << chip << " " << bytes;
      before = now;
    }
  }
}

TEST(DmaForm, RemembersTheResultsOfEachChipApart) {
  const Runs runs = runsOfBox({1, 1, 512, 32}, {1, 1, 512, 16}, 4); // pieces of one channel
  const Dma shallow = dma("edge", {{"dram.channel_permutation", "0"}}),
            deep = dma("edge", {{"dram.channel_permutation", "0"}, {"dram.write_queue", "1024"}});
  const double of[] = {shallow.transfer(runs, 0, 64, 0, true).dramBytes,
                       deep.transfer(runs, 0, 64, 0, true).dramBytes};
  EXPECT_LT(of[1], of[0]);
  EXPECT_EQ(shallow.transfer(runs, 0, 64, 0, true).dramBytes, of[0]);
}

TEST(DmaForm, RemembersNothingOfAnotherChip) {
  const Runs runs = runsOfBox({1, 1, 64, 16384}, {1, 1, 6, 16}, 4); // far pieces, by chance in any channel
  const auto of = [&](const std::string &key, const std::string &value) {
    const Transfer t = dma("edge", {{key, value}}).transfer(runs, 0, 64, 0, false);
    return std::pair(t.dramBytes, t.rowsOpened);
  };
  const auto plain = of("dram.banks", "8");
  EXPECT_LT(of("dram.controller_ns", "2000").first, plain.first) << "the table binds, not the channels";
  EXPECT_LT(of("dram.bandwidth_gbps", "200").first, plain.first);
  EXPECT_LT(of("dram.bank_permutation", "0").second, plain.second);
  EXPECT_EQ(of("dram.banks", "8"), plain);

  const Runs rows{128, {64, 1, 1, 1}, {4096, 0, 0, 0}};
  const auto waits = [&](const std::string &faw) {
    return dma("edge", {{"dram.tfaw_ns", faw}}).transfer(rows, 0, 64 * 4096, 0, false).bankWait;
  };
  const double often = waits("40");
  EXPECT_LT(waits("120"), often) << "rows that are opened seldom meet in a bank seldom";
  EXPECT_EQ(waits("40"), often);
}

TEST(DmaForm, LatencyIsTheSumOfItsParts) {
  const chip::Chip chip = chip::Chip::load("edge").withOverrides({{"dram.controller_ns", "1"},
                                                                  {"dram.interconnect_ns", "20"},
                                                                  {"dram.phy_ns", "300"},
                                                                  {"dram.tcl_ns", "4000"}});
  EXPECT_DOUBLE_EQ(Dram(chip).readLatencyNs(), 4321);
  EXPECT_DOUBLE_EQ(Dram(chip).writeLatencyNs(), 21);
  EXPECT_DOUBLE_EQ(Dma(chip).latencyCycles, 4321); // 1 GHz
  EXPECT_EQ(Dma(chip).roundTrip(64, true), 21);
  EXPECT_EQ(Dma(chip).roundTrip(64, false), 4321 + 10); // two bursts of 32 B on a channel of 6.4 GB/s
}

TEST(DmaForm, ShippedTablesHoldBandwidthTimesLatency) {
  for (const std::string &name : chip::Chip::shipped()) {
    const Dma form = dma(name);
    EXPECT_GE(static_cast<double>(form.outstanding * form.requestBytes),
              form.dramBytesPerCycle * static_cast<double>(form.roundTrip(form.requestBytes, false)))
        << name;
  }
}

/// Cycles that a row waits, mean over 200 places of 64 rows, each `apart` behind the one before, that are
/// read one after the other in `pace` cycles each, or written.
double waitForBanks(const Dma &form, int64_t apart, double pace, double again) {
  const DramMap map(form.dram);
  const int64_t burstsPerRow = form.dram.rowBytes / form.dram.burstBytes;
  constexpr int64_t kPlaces = 200, kRows = 64;
  double waits = 0;
  for (int64_t place = 0; place < kPlaces; ++place) {
    std::vector<double> free(map.bankCount(), 0.0);
    double time = 1000;
    for (int64_t row = 0; row < kRows; ++row) {
      double &bank = free[map.of((place * 1009 + row * apart) * burstsPerRow).bank];
      waits += std::max(0.0, bank - time);
      time = std::max(time, bank) + pace;
      bank = time + again;
    }
  }
  return waits / (kPlaces * kRows);
}

TEST(DmaForm, RowsOfABankWaitForEachOtherAsOftenAsTheyMeet) {
  const Dma edge = dma("edge"); // 8 banks; a row of both channels is 4 KiB
  const Dram &dram = edge.dram;
  const double read = dram.rtp + dram.rp + dram.rcd, // 1 GHz
      write = dram.wr + dram.rp + dram.rcd + dram.cwl;
  for (int64_t apart : {1, 2, 3, 8, 50})
    for (int64_t bytes : {128, 256, 1024})
      for (bool store : {false, true}) {
        const Runs runs{bytes, {64, 1, 1, 1}, {apart * 4096, 0, 0, 0}};
        const Transfer transfer = edge.transfer(runs, 0, 64 * apart * 4096, 0, store);
        const double pace = std::max(double(bytes) / edge.dramBytesPerCycle, edge.activationCycles);
        const double expected = waitForBanks(edge, apart, pace, store ? write : read);
        EXPECT_NEAR(transfer.bankWait, expected, 0.1 + 0.35 * expected)
            << apart << " rows apart, " << bytes << " bytes each, store " << store;
      }
  EXPECT_LT(edge.transfer({64, {1, 1, 1, 1}, {}}, 0, 1 << 20, 0, false).bankWait, 0.02) << "one row";
  EXPECT_EQ(dma("edge", {{"dram.bank_permutation", "0"}})
                .transfer({128, {64, 1, 1, 1}, {4096, 0, 0, 0}}, 0, 1 << 20, 0, false)
                .bankWait,
            0)
      << "rows go round all banks";
}

TEST(DmaForm, AScratchpadBeatIsABusOfElementsUnlessTheyMeetInABank) {
  const Dma edge = dma("edge"); // a bus of 16 B, 4 banks of 64 B
  EXPECT_EQ(edge.localBeats(1024, {1, 1, 64, 16}, {0, 0, 16, 1}, 4), 1024 / 4);
  EXPECT_EQ(edge.localBeats(1024, {1, 1, 64, 16}, {0, 0, 1, 64}, 4), 1024 / 4 * 4); // 256 B: one bank
  EXPECT_EQ(edge.localBeats(1024, {1, 1, 64, 16}, {0, 0, 1, 16}, 4), 1024 / 4);     // 64 B: four banks
  EXPECT_EQ(edge.localBeats(7, {1, 1, 7, 1}, {0, 0, 1, 1}, 4), 2);
}

} // namespace
} // namespace arsis::timing
