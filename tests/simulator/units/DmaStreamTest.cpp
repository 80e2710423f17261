// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams of loads and stores through the machine against the closed form of timing/Dma.h, and against what
// bandwidth, Little's law and more of a resource say.
#include "simulator/units/RequestTable.h"
#include "tests/simulator/Support.h"
#include "timing/Dma.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

/// A stream of `n` equal transfers of `rows` x `columns` of a tensor with `pitch` columns.
struct Stream {
  int64_t n, rows, columns, pitch;
  bool store = false;
  bool turned = false; // columns lie rows apart in the scratchpad

  int64_t bytes() const { return n * rows * columns * 4; }
  std::array<int64_t, 4> local() const {
    return turned ? std::array<int64_t, 4>{0, 0, 1, rows} : std::array<int64_t, 4>{0, 0, columns, 1};
  }
  std::shared_ptr<const isa::Program> program() const {
    std::ostringstream text;
    text << "arsis 1\ndram " << n * rows * pitch * 4 << "\ntensor x " << (store ? "temporary" : "input")
         << " f32 [1, 1, " << n * rows << ", " << pitch << "] at 0\nstream " << (store ? "store" : "load")
         << " 0\n  loop " << n << "\n    " << (store ? "store" : "load") << " tensor=x, coordinate=[0, 0, "
         << rows << "*i0, 0], box=[1, 1, " << rows << ", " << columns << "], local=0, localStride=[0, 0, "
         << local()[2] << ", " << local()[3] << "], localType=f32" << (store ? "" : ", fill=0")
         << "\n  end_loop\n";
    return programOf(text.str());
  }
};

/// Forms take the mean share of refresh, a short stream meets a whole number of them.
const std::pair<std::string, double> kNoRefresh = {"dram.trfc_ns", 0};

Cycle cyclesOf(const Stream &stream, const chip::Chip &chip) {
  return timing(*stream.program(), chip).totalCycles;
}
double formOf(const Stream &stream, const chip::Chip &chip) {
  const timing::Dma form(chip);
  const timing::Runs runs =
      timing::runsOfBox({1, 1, stream.n * stream.rows, stream.pitch}, {1, 1, stream.rows, stream.columns}, 4);
  const int64_t beats =
      form.localBeats(stream.rows * stream.columns, {1, 1, stream.rows, stream.columns}, stream.local(), 4);
  return form.stream(form.transfer(runs, 0, stream.rows * stream.pitch * 4, beats, stream.store), stream.n);
}
/// GB/s.
double bandwidth(const Stream &stream, const chip::Chip &chip) {
  return static_cast<double>(stream.bytes()) * chip.real("clock.core_mhz") / 1000 /
         static_cast<double>(cyclesOf(stream, chip));
}
/// Contiguous loads of `bytes` each.
Stream loads(int64_t bytes, int64_t total = 1 << 20) {
  return {std::min<int64_t>(total / bytes, 8000), 1, bytes / 4, bytes / 4};
}

TEST(DmaStream, OfAnySizeReachesTheLesserOfPeakAndLittlesLaw) {
  for (const std::string name : {"edge", "datacentre"})
    for (double outstanding : {1.0, 4.0, 16.0, 64.0, 512.0})
      for (int64_t bytes : {64, 256, 1024, 4096, 16384, 65536}) {
        const chip::Chip chip = chipWith({{"dma.outstanding_requests", outstanding}, kNoRefresh}, name);
        const timing::Dma form(chip);
        const double clock = chip.real("clock.core_mhz") / 1000; // cycles per ns
        const int64_t request = std::min(bytes, form.requestBytes);
        const double little = outstanding * static_cast<double>(request) * clock /
                              static_cast<double>(form.roundTrip(request, false));
        // No instruction issues before the one before it, nor shares its cycle of the bus.
        const double issue = static_cast<double>(bytes) * clock;
        const double bound = std::min({chip.real("dram.bandwidth_gbps"), little, issue});
        const double found = bandwidth(loads(bytes, name == "edge" ? 1 << 19 : 1 << 24), chip);
        EXPECT_LE(found, 1.03 * bound)
            << name << ", " << outstanding << " of " << request << ", loads of " << bytes;
        EXPECT_GE(found, 0.93 * bound)
            << name << ", " << outstanding << " of " << request << ", loads of " << bytes;
      }
}

TEST(DmaStream, AgainstAConstantLatencyReachesTheLesserOfRateAndLittlesLaw) {
  constexpr double kLatencyNs = 300; // of a memory of unlimited rate, at one cycle a ns
  for (double bus : {16.0, 64.0})
    for (double outstanding : {1.0, 3.0, 16.0, 64.0, 512.0})
      for (double request : {64.0, 256.0, 1024.0})
        for (int64_t loaded : {1, 2, 7}) { // requests of a load
          Overrides values = {{"dma.bus_bytes_per_cycle", bus},
                              {"dma.outstanding_requests", outstanding},
                              {"dma.request_bytes", request},
                              {"scratchpad.kib", 1024},
                              {"frontend.fetch_bytes_per_cycle", 4096},
                              {"dram.bandwidth_gbps", 100000},
                              {"dram.row_bytes", 1 << 20},
                              {"dram.controller_ns", kLatencyNs}};
          for (const char *time : {"interconnect", "phy", "trfc", "tcl", "tcwl", "trcd", "trp", "tras",
                                   "trrd", "tfaw", "twr", "trtp", "twtr", "trtw"})
            values.emplace_back("dram." + std::string(time) + "_ns", 0);
          const chip::Chip chip = chipWith(values, "edge");
          const auto bytes = static_cast<int64_t>(request) * loaded;
          const double bound = std::min(bus, outstanding * request / kLatencyNs);
          const int64_t total = std::max<int64_t>(1 << 16, static_cast<int64_t>(100 * kLatencyNs * bound));
          EXPECT_NEAR(bandwidth({total / bytes, 1, bytes / 4, bytes / 4}, chip) / bound, 1, 0.03)
              << bus << " B a cycle, " << outstanding << " of " << request << ", loads of " << loaded;
        }
}

TEST(DmaStream, ManyEntriesHideALongLatency) {
  for (int64_t bytes : {1024, 16384, 65536}) {
    const chip::Chip chip =
        chipWith({{"dma.outstanding_requests", 65536}, {"dram.interconnect_ns", 500}}, "datacentre");
    const double peak =
        chip.real("dram.bandwidth_gbps") * (1 - chip.real("dram.trfc_ns") / chip.real("dram.trefi_ns"));
    EXPECT_GE(bandwidth(loads(bytes, 16 << 20), chip), 0.95 * peak) << bytes;
  }
}

/// Shipped chips, with few entries, some and many: as the form says, within `share` and a few cycles of
/// starting.
void expectForm(const std::vector<Stream> &streams, double share) {
  constexpr double kStart = 16;
  for (const std::string name : {"tiny", "edge", "datacentre"})
    for (double outstanding : {2.0, 16.0, 512.0})
      for (const Stream &stream : streams) {
        const chip::Chip chip = chipWith({{"dma.outstanding_requests", outstanding}, kNoRefresh}, name);
        const double form = formOf(stream, chip);
        EXPECT_NEAR(static_cast<double>(cyclesOf(stream, chip)), form, share * form + kStart)
            << name << " with " << outstanding << " entries, " << stream.n << " of " << stream.rows << " x "
            << stream.columns << " of " << stream.pitch << (stream.store ? " stored" : "")
            << (stream.turned ? " turned" : "");
      }
}

TEST(DmaStream, OfWholeRowsTakesWhatTheClosedFormSays) {
  // The sixteen entries of edge see the next row too late to hide all of its opening, which the form leaves
  // out.
  expectForm({loads(64),
              loads(1024),
              loads(4096),
              loads(65536),
              {64, 64, 64, 64, false, true}, // a box that is turned meets in banks
              {512, 1, 256, 256, true},      // stores
              {3, 1, 16, 16},
              {1, 64, 64, 64}}, // and hardly a stream
             0.06);
}

TEST(DmaStream, OfPartsOfRowsTakesWhatTheClosedFormSays) {
  // The form does not see that far rows have to be opened; the table sees a part of it,
  // and one in eight of them in the bank of the one before.
  expectForm({{64, 64, 16, 256},        // short pieces
              {64, 32, 128, 4096},      // 512 B each, which meet in one channel of datacentre
              {40, 64, 48, 50},         // pieces that share bursts
              {64, 64, 64, 256, true}}, // stored
             0.13);
}

/// Share of the peak that a copy of 16 MiB reaches, tile by tile through so many slots. `apart` bytes lie
/// between its end and what it is copied to.
double shareOfPeak(const std::string &name, int64_t tile, int64_t slots, int64_t apart) {
  const int64_t tiles = (16 << 20) / tile / slots * slots, elements = tile / 4;
  std::ostringstream text;
  const auto stream = [&](const char *kind, const char *tensor, const std::string &after, int counter) {
    text << "stream " << kind << " 0\n  loop " << tiles / slots << "\n    loop " << slots << "\n      "
         << kind << " tensor=" << tensor << ", coordinate=[0, 0, " << slots << "*i0 + i1, 0], box=[1, 1, 1, "
         << elements << "], local=" << tile << "*i1, localStride=[0, 0, " << elements << ", 1], localType=f32"
         << (counter == 0 ? ", fill=0" : "") << " after(" << after << ") increment(c" << counter
         << ")\n    end_loop\n  end_loop\n";
  };
  const std::string shape =
      " f32 [1, 1, " + std::to_string(tiles) + ", " + std::to_string(elements) + "] at ";
  text << "arsis 1\ndram " << 2 * tiles * tile + apart << "\ntensor x input" << shape
       << "0\ntensor y temporary" << shape << tiles * tile + apart
       << "\ncounter c0 load 0\ncounter c1 store 0\n";
  const std::string index = std::to_string(slots) + "*i0 + i1";
  stream("load", "x", "c1 >= " + index + " - " + std::to_string(slots - 1), 0);
  stream("store", "y", "c0 >= " + index + " + 1", 1);
  const chip::Chip chip = chipWith({}, name);
  const double cycles = static_cast<double>(timing(*programOf(text.str()), chip).totalCycles);
  return 2 * static_cast<double>(tiles * tile) * chip.real("clock.core_mhz") / 1000 / cycles /
         chip.real("dram.bandwidth_gbps");
}

TEST(DmaStream, ACopyReachesWhatTurnsRowsAndRefreshLeave) {
  for (int64_t apart : {0, 2048, 4096, 12288, 66560}) {
    for (int64_t tile : {1024, 4096, 32768}) {
      const double share = shareOfPeak("edge", tile, 4, apart);
      EXPECT_TRUE(0.80 <= share && share <= 0.90) << tile << ", " << apart << ": " << share;
    }
    for (int64_t tile : {32768, 131072}) {
      const double share = shareOfPeak("datacentre", tile, 16, apart);
      EXPECT_TRUE(0.70 <= share && share <= 0.90) << tile << ", " << apart << ": " << share;
    }
  }
}

TEST(DmaStream, TwiceTheEntriesAreNeverSlower) {
  for (const std::string name : {"tiny", "edge", "datacentre"})
    for (const Stream &stream : {loads(64, 1 << 16), loads(1024, 1 << 18), loads(65536),
                                 Stream{64, 64, 16, 256}, Stream{64, 64, 64, 256, true}}) {
      Cycle before = kNever;
      for (double entries = 1; entries <= 65536; entries *= 2) {
        const Cycle now = cyclesOf(stream, chipWith({{"dma.outstanding_requests", entries}}, name));
        EXPECT_LE(now, before) << name << " with " << entries << " entries";
        before = now;
      }
    }
}

TEST(DmaStream, LongerRequestsAreNeverSlowerForContiguousLoads) {
  for (const std::string name : {"tiny", "edge", "datacentre"})
    for (double entries : {2, 8, 64}) {
      Cycle before = kNever;
      for (double bytes : {64, 128, 256, 512, 1024, 2048, 4096, 16384}) {
        const Cycle now =
            cyclesOf(loads(16384, 1 << 19),
                     chipWith({{"dma.outstanding_requests", entries}, {"dma.request_bytes", bytes}}, name));
        EXPECT_LE(static_cast<double>(now), 1.005 * static_cast<double>(before))
            << name << " with " << entries << " entries of " << bytes;
        before = now;
      }
    }
}

TEST(DmaStream, TheInterleaveIsNotTheRequest) {
  // Rows of 64 B, 512 B apart, lie in one of eight channels, whatever the size of a request.
  const Overrides eight = {{"dram.channels", 8},
                           {"dram.channel_permutation", 0},
                           {"dma.outstanding_requests", 4096},
                           {"dma.bus_bytes_per_cycle", 256}};
  const Stream rows = {64, 64, 16, 128};
  Overrides longer = eight, coarse = eight;
  longer.push_back({"dma.request_bytes", 512});
  coarse.push_back({"dram.interleave_bytes", 512});
  const auto aliased = static_cast<double>(cyclesOf(rows, chipWith(eight, "edge")));
  EXPECT_NEAR(static_cast<double>(cyclesOf(rows, chipWith(longer, "edge"))) / aliased, 1, 0.01);
  EXPECT_NEAR(static_cast<double>(cyclesOf(rows, chipWith(coarse, "edge"))) / aliased, 1 / 8.0, 0.02);
}

TEST(DmaStream, ADescriptorIsDecodedBesideTheDataBeforeIt) {
  const chip::Chip slow = chipWith({{"dma.startup_cycles", 200}, kNoRefresh}, "edge");
  const chip::Chip fast = chipWith({{"dma.startup_cycles", 0}, kNoRefresh}, "edge");
  EXPECT_EQ(cyclesOf(loads(1024), slow), cyclesOf(loads(1024), fast) + 200);
}

TEST(RequestTable, GivesBackEntriesOneByOne) {
  RequestTable table(4);
  EXPECT_EQ(table.take(3, 100), 0);
  table.put(3, 100, 120);
  EXPECT_EQ(table.freeFrom(), 0);
  EXPECT_EQ(table.take(3, 100), 110); // one unused, then those that are answered at 100 and 110
  table.put(3, 200, 240);
  EXPECT_EQ(table.freeFrom(), 120);
  EXPECT_EQ(table.take(4, 100), 240);
  table.put(4, 300, 300);
  EXPECT_EQ(table.freeFrom(), 300);
}

TEST(RequestTable, GoesRoundForMoreRequestsThanItHolds) {
  RequestTable table(4);
  EXPECT_EQ(table.take(10, 100), 200); // the ninth and tenth leave when the fifth and sixth are back
  table.put(10, 100, 280);
  EXPECT_EQ(table.freeFrom(), 220); // the seventh of ten, twenty apart
  EXPECT_EQ(table.take(1, 100), 220);
}

} // namespace
} // namespace arsis::sim::test
