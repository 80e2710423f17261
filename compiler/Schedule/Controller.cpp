// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Controller.h.
#include "compiler/Schedule/Controller.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace arsis::schedule {

/// A sum of stores that is a batch but for rounding is one.
static constexpr double kRounding = 1e-6;

double Controller::wholeBatches(double work) const {
  return std::floor(work / dma.batchCycles + kRounding) * dma.batchCycles;
}

double Controller::turnaround(bool write) const {
  if (write == (d[Writing] > 0))
    return 0;
  return write ? dma.readToWriteCycles + d[Opens] * dma.rowMissCycles / 2
               : dma.writeToReadCycles + d[Closes] * dma.conflictCycles;
}

double Controller::load(const timing::Transfer &transfer, double arrives, double alone,
                        const timing::RowWaits &rows, double inBank) {
  double work = dma.channelCycles(transfer, transfer.sharedBytes);
  const double batch = dma.batchCycles;
  d[Newest] = d[LastLoad] = arrives;
  while (!flight.empty() && flight[0].arrives <= arrives)
    admit();
  const double begin = std::max(arrives, d[LoadsEnd]); // loads in the same channels wait for each other
  const double opened = std::max(begin, arrives + dma.rowMissCycles);
  if (arrives < d[LastStore]) { // this load is far behind it in the program, and does not see it
    const double first = rows.first * opened + (1 - rows.first) * begin;
    alone += rows.later + inBank;
    work += rows.later + inBank;
    d[Since] += work;
    d[Free] = std::max({d[Free], first + work, d[Mark] + d[Since] - d[Queued]});
    d[LoadsEnd] = first + alone;
    return first + alone - inBank;
  }
  drainUntil(arrives);
  // Whole batches of a long store go between the pieces of a load, of each as much.
  double between = std::min({wholeBatches(d[Queued]), d[Queued], alone});
  d[Queued] -= between;
  // Rows open while the load waits for stores; those of its first requests are all open then.
  const double free = d[Free] + turnaround(false);
  const double asked = rows.first * std::max(opened, free) + (1 - rows.first) * std::max(begin, free);
  const double waited = std::clamp((free - arrives) / dma.rowMissCycles, 0.0, 1.0);
  for (size_t k = 0; k < flight.size(); ++k) {
    InFlight::Store &store = flight[k];
    const double together = asked + alone + between - store.arrives;
    if (store.work < batch || together <= 0)
      continue;
    const double share =
        std::min({store.work, wholeBatches(d[Queued] + store.work), alone - between, together});
    store.work -= share;
    d[Coming] -= share;
    between += share;
  }
  const double later = rows.later * (1 - std::min(1.0, rows.atOnce * (waited + between / batch)));
  between += between / std::clamp(between, batch, dma.queueCycles) * batch * dma.batchOverhead;
  between += later;
  d[Writing] = 0;
  d[Since] = d[Queued];
  d[Free] = d[Mark] = asked + work + inBank + between;
  d[LoadsEnd] = asked + alone + inBank + between;
  return asked + alone + between;
}

double Controller::store(const timing::Transfer &transfer, double arrives, double opens) {
  d[Newest] = arrives;
  d[Opens] = opens;
  const double batches = dma.channelCycles(transfer, transfer.sharedBytes) / dma.batchCycles;
  d[Closes] = dma.meets(transfer.rowsVisited / std::max(1.0, batches));
  d[StoresEnd] = std::max(arrives, d[StoresEnd]) + dma.channelCycles(transfer, transfer.dramBytes);
  const double byChannel = std::max(arrives, d[StoresEnd] - dma.queueCycles);
  if (flight.full())
    admit();
  const double work = dma.channelCycles(transfer, transfer.sharedBytes);
  flight.push({arrives, work});
  d[Coming] += work;
  // A batch that goes out keeps its room until it is out.
  const double waiting = d[Queued] + std::clamp(d[BatchEnd] - arrives, 0.0, dma.batchCycles) + d[Coming];
  if (waiting <= dma.queueCycles * (1 + kRounding))
    return byChannel;
  // As far as is known now: loads behind it in the program may still come before it.
  std::array<double, kNumbers> numbers;
  std::copy(d, d + kNumbers, numbers.begin());
  InFlight all = flight;
  Controller then(numbers.data(), all, dma);
  while (!all.empty())
    then.admit();
  return std::max(byChannel, std::max(numbers[Free], numbers[BatchEnd]) + numbers[Queued] - dma.queueCycles);
}

/// The oldest store in flight comes to the queue.
void Controller::admit() {
  const auto [arrived, work] = flight.pop();
  const double batch = dma.batchCycles;
  d[Coming] = flight.empty() ? 0 : d[Coming] - work;
  drainUntil(arrived);
  d[LastStore] = arrived;
  d[Since] += work;
  d[Queued] += work;
  if (wholeBatches(d[Queued]) > 0) { // at once
    d[Free] = d[BatchEnd] = std::max(arrived, d[Free] + turnaround(true)) + batch;
    d[Queued] = std::max(0.0, d[Queued] - batch);
    d[Writing] = 1;
    d[Draining] = 0;
  }
  if (d[Draining] == 0 && wholeBatches(2 * d[Queued]) > 0) {
    d[Draining] = 1;
    d[Enough] = arrived;
  }
}

/// Writes what there is enough of, as long as no load is there.
void Controller::drainUntil(double time) {
  const double from = std::max(d[Enough], d[Free] + turnaround(true));
  if (d[Draining] == 0 || from >= time)
    return;
  const double out = std::min(d[Queued], time - from);
  d[Free] = from + out;
  d[Queued] -= out;
  d[Writing] = 1;
  d[Draining] = d[Queued] > 0;
}

double Controller::flushed() const {
  double end = d[Free] + (d[Queued] > 0 ? turnaround(true) + d[Queued] : 0);
  for (size_t k = 0; k < flight.size(); ++k)
    end = std::max(end, flight[k].arrives) + flight[k].work;
  return std::max(end, d[StoresEnd]);
}

void Controller::advance(double periods, const double *now, const double *before) {
  const auto moved = [&](size_t k) { return periods * (now[k] - before[k]); };
  for (size_t k = 0; k < Newest; ++k)
    if (k != Since || now[Mark] == before[Mark]) // no load began it anew
      d[k] += moved(k);
  // Channels that have more to do than time fall behind at their own pace.
  const bool behind = now[Free] > now[Newest];
  const double shift = moved(Newest);
  flight.move(shift);
  for (size_t k = Newest; k < Coming; ++k)
    if (now[k] != before[k])
      d[k] += k == Free && behind ? moved(k) : shift;
  d[Free] += std::max(0.0, moved(Queued)); // what the queue would have taken
}

double Controller::partialBatches(const timing::Transfer &store, const timing::Dma &dma) {
  const double batches = dma.channelCycles(store, store.sharedBytes) / dma.batchCycles;
  return std::abs(batches - std::round(batches)) > kRounding ? batches : 0;
}

bool Controller::recurs(const double *now, const double *then, const timing::Dma &dma) {
  const double close = 0.02 * dma.batchCycles;
  const auto inQueue = [](const double *numbers) { return numbers[Queued] + numbers[Coming]; };
  const auto busy = [](const double *numbers) { return std::max(0.0, numbers[Free] - numbers[Newest]); };
  return now[Draining] == then[Draining] && now[Writing] == then[Writing] &&
         std::abs(now[Queued] - then[Queued]) <= close && std::abs(inQueue(now) - inQueue(then)) <= close &&
         std::abs(busy(now) - busy(then)) <= close;
}

double OpenRows::closed(int tensor, const timing::Transfer &transfer, const timing::Dma &dma) {
  double rows = 0;
  auto at = visited.begin();
  for (; at != visited.end() && at->tensor != tensor; ++at)
    rows += at->rows;
  const bool first = at == visited.end();
  if (first)
    at = visited.insert(at, {tensor, 0});
  if (at == visited.begin() && !first) {
    at->rows += transfer.rowsOpened;
    return 0;
  }
  std::rotate(visited.begin(), at, at + 1);
  visited.front().rows = transfer.rowsVisited;
  const double open = transfer.rowsVisited - transfer.rowsOpened;
  if (first || open <= 0)
    return 0;
  return open * dma.meets(rows);
}

} // namespace arsis::schedule
