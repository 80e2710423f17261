// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Dma.h.
#include "timing/Dma.h"

#include <algorithm>
#include <cmath>

namespace arsis::timing {

double dramLatencyNs(const chip::Chip &chip) {
  return chip.real("dram.controller_ns") + chip.real("dram.interconnect_ns") + chip.real("dram.phy_ns") +
         chip.real("dram.device_ns");
}

static double cyclesPerNanosecond(const chip::Chip &chip) { return chip.real("clock.core_mhz") / 1000; }

Dma::Dma(const chip::Chip &chip)
    : dram{chip.integer("dram.channels"), chip.integer("dram.interleave_bytes"),
           chip.integer("dram.burst_bytes")},
      outstanding(chip.integer("dma.outstanding_requests")), requestBytes(chip.integer("dma.request_bytes")),
      // A bus wider than all banks together carries no more than they take.
      busBytesPerCycle(
          std::min(chip.integer("dma.bus_bytes_per_cycle"),
                   chip.integer("scratchpad.banks") * chip.integer("scratchpad.bank_width_bytes"))),
      startupCycles(chip.integer("dma.startup_cycles")),
      rowBytes(chip.integer("dram.row_bytes") * chip.integer("dram.channels")),
      rowBanks(chip.integer("dram.banks")),
      dramBytesPerCycle(chip.real("dram.bandwidth_gbps") / cyclesPerNanosecond(chip)),
      latencyCycles(dramLatencyNs(chip) * cyclesPerNanosecond(chip)),
      rowMissCycles(chip.real("dram.row_miss_ns") * cyclesPerNanosecond(chip)), banks(chip) {}

Transfer Dma::transfer(const Runs &runs, int64_t address, int64_t step, int64_t beats) const {
  static thread_local Memo<Transfer, 18> known;
  return known.get(
      {runs.bytes, runs.count[0], runs.count[1], runs.count[2], runs.count[3], runs.pitch[0], runs.pitch[1],
       runs.pitch[2], runs.pitch[3], address, step, beats, outstanding, requestBytes, dram.channels,
       dram.interleaveBytes, dram.burstBytes, rowBytes * 4096 + rowBanks},
      [&] {
        Transfer transfer;
        transfer.bytes = runs.totalBytes();
        transfer.beats = beats;
        if (transfer.bytes == 0)
          return transfer;
        transfer.requests = granulesTouched(runs, address, requestBytes);
        // Boxes close to each other are in flight together if the table reaches round all channels.
        const int64_t apart = std::abs(step), turn = dram.channels * dram.interleaveBytes;
        const bool reaches = apart < dram.interleaveBytes && outstanding * apart >= transfer.requests * turn;
        const ChannelLoad load = channelLoad(runs, dram, address, reaches ? dram.interleaveBytes : step);
        const auto bytes = static_cast<double>(dram.channels * dram.burstBytes);
        // Boxes fill each other's idle channels as far as the table holds several of them; a piece more or
        // less is still in the queue of its channel when the next box comes.
        const double piece = static_cast<double>(dram.interleaveBytes) / static_cast<double>(dram.burstBytes);
        const double inFlight = std::max(1.0, 1 / rounds(transfer));
        transfer.dramBytes = std::max(load.inSequence, (load.fullest - piece) / inFlight) * bytes;
        transfer.fullestBytes = load.fullest * bytes;
        transfer.rowsOpened = timing::rowsOpened(runs, rowBytes, rowBanks, step);
        return transfer;
      });
}

int64_t Dma::localBeats(int64_t elements, const std::array<int64_t, 4> &box,
                        const std::array<int64_t, 4> &stride, int64_t elementBytes) const {
  size_t inner = 3;
  while (inner > 0 && box[inner] == 1)
    --inner;
  const int64_t packed = std::max<int64_t>(1, busBytesPerCycle / elementBytes);
  const int64_t perBeat = std::min(packed, std::max<int64_t>(1, box[inner]));
  const int64_t cycles = banks.use(perBeat, stride[inner] * elementBytes, elementBytes).cycles;
  // Short runs that follow each other closely share a beat; scattered ones do not.
  const int64_t beats = cycles == 1 ? (elements + packed - 1) / packed : (elements + perBeat - 1) / perBeat;
  return beats * cycles;
}

int64_t Dma::roundTrip(int64_t bytes) const {
  // The pieces of a long request go to several channels at once.
  const int64_t onOneChannel = std::min(bytes, dram.interleaveBytes);
  const int64_t bursts = (onOneChannel + dram.burstBytes - 1) / dram.burstBytes;
  const double perBurst = static_cast<double>(dram.burstBytes * dram.channels) / dramBytesPerCycle;
  return std::max<int64_t>(
      1, static_cast<int64_t>(std::ceil(latencyCycles + static_cast<double>(bursts) * perBurst)));
}

double Dma::moving(const Transfer &transfer) const {
  return std::max(static_cast<double>(busCycles(transfer.bytes)), static_cast<double>(transfer.beats));
}

/// The requests that go out together, as the machine counts them: an eighth of an instruction, at least so
/// many bytes (simulator/units/DmaEngine.h).
static double requestsAtOnce(const Transfer &transfer, int64_t requestBytes) {
  constexpr int64_t kChunks = 8, kSmallestBytes = 1024;
  const int64_t chunk = std::max(kSmallestBytes, (transfer.bytes + kChunks - 1) / kChunks);
  const int64_t bytes = (chunk + requestBytes - 1) / requestBytes * requestBytes;
  return static_cast<double>(transfer.requests) *
         std::min(1.0, static_cast<double>(bytes) / static_cast<double>(transfer.bytes));
}

double Dma::dramAndTable(const Transfer &transfer) const {
  if (transfer.requests == 0)
    return 0;
  const auto entries = static_cast<double>(outstanding),
             trip = static_cast<double>(roundTrip(transfer.bytes / transfer.requests));
  // Requests that wait for the same rows.
  const double group = std::max(entries, requestsAtOnce(transfer, requestBytes));
  const double groups = static_cast<double>(transfer.requests) / group;
  const double hit = std::max(transfer.dramBytes / dramBytesPerCycle / groups, trip * group / entries);
  const double missing = std::min(groups, transfer.rowsOpened * std::min(1.0, groups));
  return (groups - missing) * hit + missing * std::max(hit, trip + rowMissCycles);
}

double Dma::missLatency(const Transfer &transfer) const {
  return rowMissCycles * std::min(1.0, transfer.rowsOpened);
}

double Dma::period(const Transfer &transfer) const {
  return std::max(moving(transfer), dramAndTable(transfer));
}

double Dma::stream(const Transfer &transfer, int64_t n) const {
  if (n <= 0)
    return 0;
  const double once = static_cast<double>(startupCycles), count = static_cast<double>(n);
  if (transfer.requests == 0)
    return once + count * moving(transfer);
  const double last = (transfer.fullestBytes - transfer.dramBytes) / dramBytesPerCycle;
  // The entries go round; the last request leaves when those of all rounds before it are back.
  const double all = count * rounds(transfer), whole = std::ceil(all);
  const auto trip = static_cast<double>(roundTrip(transfer.bytes / transfer.requests));
  const double together =
      std::max({count * moving(transfer), count * transfer.dramBytes / dramBytesPerCycle + last,
                whole * trip - latencyCycles, std::max(0.0, 1 - 1 / all) * count * dramAndTable(transfer)});
  return once + rowMissCycles + latencyCycles + together;
}

} // namespace arsis::timing
