// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DramTraffic.h.
#include "simulator/memory/DramTraffic.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <queue>

namespace arsis::sim {

namespace {

double inNanoseconds(Femtoseconds time) {
  return static_cast<double>(time) / static_cast<double>(kFemtosecondsPerNanosecond);
}

/// What answers requests: it knows when those that it was sent are done.
class Answering {
public:
  virtual ~Answering() = default;
  /// REQUIRES: next() was asked until it lay at or behind `arrival`.
  virtual void send(size_t number, const DramRequest &request, Femtoseconds arrival) = 0;
  /// Sends nothing more: everything goes to the DRAM.
  virtual void finish(DramResult &result) = 0;
  /// When the first of the requests in flight that are not yet taken is answered, as far as is known by
  /// `until`; kNever if none is until then.
  virtual Femtoseconds next(Femtoseconds until) = 0;
  /// Takes the request that next() spoke of.
  size_t take() {
    const size_t number = answers.top().second;
    answers.pop();
    return number;
  }

protected:
  using Answer = std::pair<Femtoseconds, size_t>;
  std::priority_queue<Answer, std::vector<Answer>, std::greater<>> answers;
};

class InOrder final : public Answering {
public:
  explicit InOrder(const timing::Dram &dram) : model(dram) {}
  void send(size_t number, const DramRequest &request, Femtoseconds arrival) override {
    StridedPayload payload;
    payload.command = request.write ? StridedPayload::Write : StridedPayload::Read;
    payload.address = static_cast<uint64_t>(request.address);
    payload.runBytes = payload.trimEnd = request.bytes;
    payload.runs = 1;
    answers.push({model.serve(payload, arrival), number});
  }
  Femtoseconds next(Femtoseconds until) override {
    return answers.empty() || answers.top().first > until ? kNever : answers.top().first;
  }
  void finish(DramResult &result) override {
    const Femtoseconds end = model.flush();
    result.nanoseconds = inNanoseconds(end) + model.parameters.cl;
    result.openings = model.rowMisses;
    result.batches = model.batches;
    result.turnarounds = model.turnarounds;
    result.refreshes = model.refreshes;
  }

private:
  DramModel model;
};

class Choosing final : public Answering {
public:
  explicit Choosing(const timing::Dram &dram) : burstBytes(dram.burstBytes), channels(dram) {}
  void send(size_t number, const DramRequest &request, Femtoseconds arrival) override {
    channels.push(static_cast<int64_t>(number), request.address / burstBytes,
                  (request.address + request.bytes - 1) / burstBytes + 1, request.write, arrival);
  }
  Femtoseconds next(Femtoseconds until) override {
    for (;;) {
      const Femtoseconds command = channels.next(), answer = answers.empty() ? kNever : answers.top().first;
      if (answer <= command || command >= until)
        return answer > until ? kNever : answer;
      channels.advance(command + 1);
      collect();
    }
  }
  void finish(DramResult &result) override {
    result.nanoseconds = inNanoseconds(channels.flush());
    collect();
    for (const DramWindow &window : channels.all()) {
      result.openings += window.openings;
      result.batches += window.batches;
      result.turnarounds += window.turnarounds;
      result.refreshes += window.refreshes;
    }
  }

private:
  void collect() {
    for (const DramChannels::Answer &answer : channels.answers)
      answers.push({answer.last, static_cast<size_t>(answer.tag)});
    channels.answers.clear();
  }
  const int64_t burstBytes;
  DramChannels channels;
};

DramLatency latencyOf(std::vector<double> &all) {
  if (all.empty())
    return {};
  std::sort(all.begin(), all.end());
  double sum = 0;
  for (double each : all)
    sum += each;
  const auto at = [&](double share) {
    return all[static_cast<size_t>(std::ceil(share * static_cast<double>(all.size()))) - 1];
  };
  return {sum / static_cast<double>(all.size()), at(0.5), at(0.99), all.back()};
}

} // namespace

DramResult runDram(const timing::Dram &dram, const std::vector<DramRequest> &requests, int64_t outstanding) {
  std::unique_ptr<Answering> channels;
  if (dram.scheduler == timing::DramScheduler::InOrder)
    channels = std::make_unique<InOrder>(dram);
  else
    channels = std::make_unique<Choosing>(dram);
  DramResult result;
  std::vector<Femtoseconds> arrivals(requests.size());
  std::vector<double> latencies[2]; // reads and writes
  int64_t inFlight = 0;
  const auto takeUntil = [&](Femtoseconds until) { // the first answer, if it comes by then
    const Femtoseconds at = channels->next(until);
    if (at == kNever)
      return kNever;
    const size_t number = channels->take();
    latencies[requests[number].write].push_back(inNanoseconds(at - arrivals[number]));
    --inFlight;
    return at;
  };
  Femtoseconds now = 0;
  for (size_t k = 0; k < requests.size(); ++k) {
    const DramRequest &request = requests[k];
    while (inFlight >= outstanding)
      now = std::max(now, takeUntil(kNever));
    now = std::max(now, request.arrival);
    while (inFlight > 0 && takeUntil(now) != kNever) {
    }
    arrivals[k] = now;
    channels->send(k, request, now);
    ++inFlight;
    const int64_t bursts =
        (request.address + request.bytes - 1) / dram.burstBytes - request.address / dram.burstBytes + 1;
    result.bursts += bursts;
    (request.write ? result.writeBytes : result.readBytes) += bursts * dram.burstBytes;
  }
  channels->finish(result);
  while (takeUntil(kNever) != kNever) {
  }
  result.requests = static_cast<int64_t>(requests.size());
  result.nanoseconds -= requests.empty() ? 0 : inNanoseconds(requests.front().arrival);
  result.reads = latencyOf(latencies[0]);
  result.writes = latencyOf(latencies[1]);
  return result;
}

} // namespace arsis::sim
