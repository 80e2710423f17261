// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A run of bytes is aligned to bursts and split over the channels in closed form; within a channel it is
// served row by row. A row that is not open costs the miss time of its bank, which starts as soon as the
// request is there and the bank is free, so that it hides behind the transfers of other banks.
#include "simulator/memory/Dram.h"
#include "timing/Dma.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

static Femtoseconds fromNanoseconds(double nanoseconds) {
  return std::llround(nanoseconds * static_cast<double>(kFemtosecondsPerNanosecond));
}

DramParameters::DramParameters(const chip::Chip &chip)
    : channels(chip.integer("dram.channels")), banks(chip.integer("dram.banks")),
      rowBytes(chip.integer("dram.row_bytes")), burstBytes(chip.integer("dram.burst_bytes")),
      interleaveBytes(chip.integer("dram.interleave_bytes")), bandwidthGbps(chip.real("dram.bandwidth_gbps")),
      latency(fromNanoseconds(timing::dramLatencyNs(chip))),
      rowMiss(fromNanoseconds(chip.real("dram.row_miss_ns"))),
      burst(
          fromNanoseconds(static_cast<double>(burstBytes) * static_cast<double>(channels) / bandwidthGbps)) {}

DramModel::DramModel(const DramParameters &parameters)
    : parameters(parameters), burst(parameters.burstBytes),
      burstsPerGranule(parameters.interleaveBytes / parameters.burstBytes),
      burstsPerRow(std::max<int64_t>(1, parameters.rowBytes / parameters.burstBytes)),
      banks(parameters.banks), channelCount(parameters.channels),
      channels(static_cast<size_t>(parameters.channels)) {
  for (Channel &channel : channels)
    channel.banks.resize(static_cast<size_t>(parameters.banks));
}

void DramModel::serveChannel(Channel &channel, int64_t begin, int64_t end, Femtoseconds arrival) {
  waited = std::max(waited, channel.free - arrival);
  const Femtoseconds from = std::max(channel.free, arrival);
  while (begin < end) {
    const int64_t row = burstsPerRow.quotient(begin);
    const int64_t count = std::min(end, (row + 1) * burstsPerRow.value) - begin;
    Bank &bank = channel.banks[static_cast<size_t>(banks.remainder(row))];
    Femtoseconds ready = arrival;
    if (bank.openRow == row) {
      ++rowHits;
    } else {
      ++rowMisses;
      ready = Clock::later(std::max(arrival, bank.free), parameters.rowMiss);
      bank.openRow = row;
    }
    const Femtoseconds transfer = Clock::times(count, parameters.burst);
    if (bursts == 0)
      firstBurst = Clock::later(std::max(channel.free, ready), parameters.burst);
    channel.free = Clock::later(std::max(channel.free, ready), transfer);
    bank.free = channel.free;
    busy += transfer;
    bursts += count;
    begin += count;
  }
  held += channel.free - from;
  finished = std::max(finished, channel.free);
}

void DramModel::serveBursts(int64_t first, int64_t end, Femtoseconds arrival) {
  const int64_t n = channelCount.value, perGranule = burstsPerGranule.value;
  const int64_t firstGranule = burstsPerGranule.quotient(first),
                lastGranule = burstsPerGranule.quotient(end - 1);
  for (int64_t g = firstGranule; g <= std::min(lastGranule, firstGranule + n - 1); ++g) {
    const int64_t local = channelCount.quotient(g) * perGranule;
    const int64_t lastHere =
        g + channelCount.quotient(lastGranule - g) * n; // the last granule on this channel
    const int64_t localLast = channelCount.quotient(lastHere) * perGranule;
    serveChannel(channels[static_cast<size_t>(channelCount.remainder(g))],
                 local + (g == firstGranule ? first - firstGranule * perGranule : 0),
                 localLast + (lastHere == lastGranule ? end - lastGranule * perGranule : perGranule),
                 arrival);
  }
}

Femtoseconds DramModel::serve(StridedPayload &payload, Femtoseconds arrival) {
  firstBurst = finished = arrival;
  waited = 0;
  held = 0;
  bursts = 0;
  const __int128 busyBefore = busy;
  forEachGranules(payload, burst, payload.bufferedBurst,
                  [&](int64_t first, int64_t last) { serveBursts(first, last + 1, arrival); });
  ++requests;
  (payload.command == StridedPayload::Read ? readBursts : writeBursts) += bursts;
  payload.bursts = bursts;
  payload.first = Clock::later(firstBurst, parameters.latency);
  payload.waited = waited;
  payload.occupied = static_cast<Femtoseconds>((busy - busyBefore) / parameters.channels);
  payload.held = static_cast<Femtoseconds>(held / parameters.channels);
  return Clock::later(finished, parameters.latency);
}

Dram::Dram(const sc_core::sc_module_name &name, const DramParameters &theParameters)
    : sc_core::sc_module(name), socket("socket"), parameters(theParameters), model(parameters) {
  socket.register_nb_transport_fw(this, &Dram::transport);
}

tlm::tlm_sync_enum Dram::transport(int, StridedPayload &payload, tlm::tlm_phase &phase,
                                   sc_core::sc_time &delay) {
  const Femtoseconds now = Clock::kernelTime();
  const Femtoseconds finished =
      model.serve(payload, Clock::later(now, static_cast<Femtoseconds>(delay.value())));
  delay = sc_core::sc_time::from_value(static_cast<uint64_t>(finished - now));
  phase = tlm::BEGIN_RESP;
  return tlm::TLM_COMPLETED;
}

void Dram::report(Statistics &statistics, Femtoseconds total) const {
  const std::string prefix = std::string(basename()) + ".";
  statistics.add(prefix + "requests", "requests", "strided requests served",
                 static_cast<double>(model.requests));
  statistics.add(prefix + "read_bursts", "bursts", "bursts read", static_cast<double>(model.readBursts));
  statistics.add(prefix + "write_bursts", "bursts", "bursts written", static_cast<double>(model.writeBursts));
  statistics.add(prefix + "row_hits", "accesses", "accesses that found their row open",
                 static_cast<double>(model.rowHits));
  statistics.add(prefix + "row_misses", "accesses", "accesses that had to open a row",
                 static_cast<double>(model.rowMisses));
  const double capacity = static_cast<double>(total) * static_cast<double>(parameters.channels);
  statistics.add(prefix + "utilisation", "1",
                 "share of the time that a channel transfers, mean over channels",
                 capacity > 0 ? static_cast<double>(model.busy) / capacity : 0.0);
}

} // namespace arsis::sim
