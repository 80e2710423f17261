// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DramChannels.h.
#include "simulator/memory/DramChannels.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

static Femtoseconds fromNanoseconds(double nanoseconds) {
  return std::llround(nanoseconds * static_cast<double>(kFemtosecondsPerNanosecond));
}

DramChannels::DramChannels(const timing::Dram &dram)
    : form{dram.channels, dram.interleaveBytes, dram.burstBytes, dram.channelsPermuted},
      perPiece(dram.interleaveBytes / dram.burstBytes),
      channels(static_cast<size_t>(dram.channels), DramWindow(dram)),
      readLatency(fromNanoseconds(dram.controller + dram.interconnect + dram.phy)),
      writeLatency(fromNanoseconds(dram.writeLatencyNs())) {}

void DramChannels::push(int64_t tag, int64_t first, int64_t end, bool write, Femtoseconds arrival) {
  InFlight &request = inFlight[tag];
  request.bursts += end - first;
  request.write = write;
  for (int64_t burst = first; burst < end; ++burst) {
    const int64_t piece = burst / perPiece;
    DramWindow &window = channels[static_cast<size_t>(form.channelOf(piece))];
    window.advance(arrival);
    window.push(piece / form.channels * perPiece + burst % perPiece, write, arrival, tag);
  }
}

Femtoseconds DramChannels::next() {
  Femtoseconds first = kNever;
  for (DramWindow &window : channels)
    first = std::min(first, window.done.empty() ? window.next() : Femtoseconds(0));
  return first;
}

void DramChannels::advance(Femtoseconds until) {
  for (DramWindow &window : channels) {
    window.advance(until);
    collect(window);
  }
}

Femtoseconds DramChannels::flush() {
  Femtoseconds last = 0;
  for (DramWindow &window : channels) {
    window.flush();
    window.advance(kNever);
    collect(window);
    last = std::max(last, window.lastData());
  }
  return last;
}

void DramChannels::collect(DramWindow &window) {
  for (const DramWindow::Done &done : window.done) {
    const auto found = inFlight.find(done.tag);
    InFlight &request = found->second;
    request.first = std::min(request.first, done.at);
    request.last = std::max(request.last, done.at);
    if (--request.bursts > 0)
      continue;
    const Femtoseconds latency = request.write ? writeLatency : readLatency;
    answers.push_back({done.tag, Clock::later(request.first, latency), Clock::later(request.last, latency)});
    inFlight.erase(found);
  }
  window.done.clear();
}

} // namespace arsis::sim
