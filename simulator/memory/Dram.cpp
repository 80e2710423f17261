// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Dram.h.
#include "simulator/memory/Dram.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace arsis::sim {

static Femtoseconds fromNanoseconds(double nanoseconds) {
  return static_cast<Femtoseconds>(nanoseconds * static_cast<double>(kFemtosecondsPerNanosecond));
}

Dram::Dram(const sc_core::sc_module_name &name, const chip::Chip &chip)
    : sc_core::sc_module(name), socket("socket"), model(timing::Dram(chip)),
      burst(model.parameters.burstBytes), burstTime(fromNanoseconds(model.parameters.burstNs())),
      lag(fromNanoseconds(std::min(model.parameters.readLatencyNs(), model.parameters.writeLatencyNs()))) {
  socket.register_nb_transport_fw(this, &Dram::transport);
  if (model.parameters.scheduler == timing::DramScheduler::InOrder)
    return;
  channels = std::make_unique<DramChannels>(model.parameters);
  SC_HAS_PROCESS(Dram);
  SC_METHOD(step);
  sensitive << event;
  dont_initialize();
}

tlm::tlm_sync_enum Dram::transport(int initiator, StridedPayload &payload, tlm::tlm_phase &phase,
                                   sc_core::sc_time &delay) {
  const Femtoseconds now = Clock::kernelTime();
  const Femtoseconds arrival = Clock::later(now, static_cast<Femtoseconds>(delay.value()));
  if (channels) {
    accept(initiator, payload, arrival);
    event.notify(sc_core::sc_time::from_value(static_cast<uint64_t>(arrival + lag - now)));
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }
  const Femtoseconds finished = model.serve(payload, arrival);
  delay = sc_core::sc_time::from_value(static_cast<uint64_t>(finished - now));
  phase = tlm::BEGIN_RESP;
  return tlm::TLM_COMPLETED;
}

/// The line buffer follows the order of the requests, whatever that of their arrivals.
void Dram::accept(int initiator, StridedPayload &payload, Femtoseconds arrival) {
  Waiting request{&payload, initiator, arrival, {}};
  payload.bursts = 0;
  forEachGranules(payload, burst, payload.bufferedBurst, [&](int64_t first, int64_t last) {
    payload.bursts += last + 1 - first;
    request.bursts.emplace_back(first, last);
  });
  payload.occupied = payload.held = Clock::times(payload.bursts, burstTime) / model.parameters.channels;
  (payload.command == StridedPayload::Write ? writeBursts : readBursts) += payload.bursts;
  arriving.emplace(arrival, tags);
  waiting.emplace(tags++, std::move(request));
}

void Dram::arrive(int64_t tag, const Waiting &request) {
  for (const auto &[first, last] : request.bursts)
    channels->push(tag, first, last + 1, request.payload->command == StridedPayload::Write, request.arrival);
  if (request.bursts.empty()) // all of it is in the line buffer
    channels->answers.push_back({tag, request.arrival, request.arrival});
}

/// Everything up to `lag` ago is final: nothing that comes now can go before it.
void Dram::step() {
  if (failure)
    return;
  try {
    const Femtoseconds now = Clock::kernelTime(), settled = std::max<Femtoseconds>(0, now - lag) + 1;
    while (!arriving.empty() && arriving.begin()->first < settled) {
      const int64_t tag = arriving.begin()->second;
      channels->advance(arriving.begin()->first);
      arriving.erase(arriving.begin());
      arrive(tag, waiting.at(tag));
    }
    channels->advance(settled);
    std::vector<DramChannels::Answer> answers;
    answers.swap(channels->answers);
    for (const DramChannels::Answer &each : answers)
      answer(each, now);
    Femtoseconds next = channels->next();
    if (!arriving.empty())
      next = std::min(next, arriving.begin()->first);
    if (next != kNever)
      event.notify(sc_core::sc_time::from_value(
          static_cast<uint64_t>(std::max<Femtoseconds>(0, Clock::later(next, lag) - now))));
  } catch (...) {
    failure = std::current_exception();
  }
}

void Dram::answer(const DramChannels::Answer &answer, Femtoseconds now) {
  const auto found = waiting.find(answer.tag);
  const Waiting request = found->second;
  waiting.erase(found);
  const Femtoseconds last = std::max(now, answer.last);
  request.payload->first = answer.first;
  request.payload->activations = openings() - std::exchange(answeredOpenings, openings());
  answeredUntil = std::max<Femtoseconds>(0, now - lag);
  request.payload->waited =
      std::max<Femtoseconds>(0, answer.last - request.arrival - request.payload->occupied - lag);
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = sc_core::sc_time::from_value(static_cast<uint64_t>(last - now));
  socket[request.initiator]->nb_transport_bw(*request.payload, phase, delay);
}

int64_t Dram::openings() const {
  int64_t sum = 0;
  for (const DramWindow &window : channels->all())
    sum += window.openings;
  return sum;
}

void Dram::report(Statistics &statistics, Femtoseconds total) const {
  const std::string prefix = std::string(basename()) + ".";
  int64_t requests = model.requests, reads = model.readBursts, writes = model.writeBursts,
          hits = model.rowHits, misses = model.rowMisses, batches = model.batches,
          turnarounds = model.turnarounds, refreshes = model.refreshes;
  auto busy = static_cast<double>(model.busy());
  if (channels) {
    requests = tags;
    reads = readBursts;
    writes = writeBursts;
    for (const DramWindow &window : channels->all()) {
      batches += window.batches;
      turnarounds += window.turnarounds;
      refreshes += window.refreshes;
      busy += static_cast<double>(window.busy);
    }
    misses = openings();
    hits = reads + writes - misses;
  }
  const auto add = [&](const char *name, const char *unit, const char *what, int64_t value) {
    statistics.add(prefix + name, unit, what, static_cast<double>(value));
  };
  add("requests", "requests", "strided requests served", requests);
  add("read_bursts", "bursts", "bursts read", reads);
  add("write_bursts", "bursts", "bursts written", writes);
  add("row_hits", "accesses", "accesses that found their row open", hits);
  add("row_misses", "accesses", "accesses that had to open a row", misses);
  add("write_batches", "batches", "batches of writes, summed over channels", batches);
  add("turnarounds", "turns", "changes of direction, summed over channels", turnarounds);
  add("refreshes", "refreshes", "refreshes, summed over channels", refreshes);
  const double capacity = static_cast<double>(total) * static_cast<double>(model.parameters.channels);
  statistics.add(prefix + "utilisation", "1",
                 "share of the time that a channel transfers, mean over channels",
                 capacity > 0 ? busy / capacity : 0.0);
}

} // namespace arsis::sim
