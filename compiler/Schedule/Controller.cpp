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

double Controller::load(const Piece &piece, double arrives) {
  d[Newest] = d[LastLoad] = arrives;
  while (!flight.empty() && accepted() <= arrives)
    admit();
  drainUntil(arrives);
  const double turn = d[Writing] > 0 ? dma.writeToReadCycles + d[Closes] * dma.conflictCycles : 0;
  d[Writing] = 0;
  const auto from = [&](double free) { // a row is opened as soon as it is asked for
    return piece.opens * std::max(free, arrives + dma.rowMissCycles) +
           (1 - piece.opens) * std::max(free, arrives);
  };
  const double begin = from(std::max(d[Free], d[BatchEnds]) + turn);
  d[Free] = from(d[Free] + turn) + piece.work + piece.inBank;
  d[LoadsEnd] = std::max(begin, d[LoadsEnd]) + piece.alone + piece.inBank;
  return d[LoadsEnd] - piece.inBank;
}

double Controller::store(const timing::Transfer &transfer, double arrives, double opens, double pieces,
                         double step) {
  d[Newest] = arrives;
  d[Opens] = opens;
  const double work = dma.channelCycles(transfer, transfer.sharedBytes);
  d[Excess] =
      partialBatches(transfer, dma) == 0
          ? 0
          : std::min(dma.batchCycles / 2, (dma.channelCycles(transfer, transfer.fullestBytes) - work) *
                                              std::sqrt(std::min(1.0, dma.batchCycles / work)));
  d[Closes] = dma.meets(transfer.rowsVisited / std::max(1.0, work / dma.batchCycles));
  d[StoresEnd] = std::max(arrives, d[StoresEnd]) + dma.channelCycles(transfer, transfer.dramBytes);
  const double last = arrives + (std::ceil(pieces) - 1) * step,
               byChannel = std::max(last, d[StoresEnd] - dma.queueCycles);
  const double each = work / std::max(1.0, pieces);
  if (flight.full())
    flight[flight.size() - 1].rest += work;
  else
    flight.push({arrives, each, step, each, work - each, dma.bankCycles(transfer) / work});
  d[Coming] += work;
  // A batch that goes out keeps its room until it is out.
  const double waiting = d[Queued] + std::clamp(d[BatchEnds] - arrives, 0.0, dma.batchCycles) + d[Coming];
  if (waiting <= dma.queueCycles * (1 + kRounding))
    return byChannel;
  return std::max(byChannel, storesAccepted());
}

double Controller::storesAccepted() const {
  if (flight.empty())
    return d[Accepted];
  std::array<double, kNumbers> numbers;
  std::copy(d, d + kNumbers, numbers.begin());
  InFlight all = flight;
  return Controller(numbers.data(), all, dma).admitAll();
}

/// When the next piece of a store is in the queue: when the batch is out that the queue would have to hold
/// beside it.
double Controller::accepted() const {
  const auto room =
      static_cast<size_t>(std::clamp<int64_t>(dma.dram.writeQueue / dma.dram.writeBatch, 1, kMostBatches));
  return std::max(flight[0].arrives, d[BatchEnds + room - 1]);
}

double Controller::admitAll() {
  double last = 0;
  while (!flight.empty())
    last = admit();
  return last;
}

/// The next piece of a store, as far as it fits into a batch, comes to the queue; returns when.
double Controller::admit() {
  const double time = accepted(), batch = dma.batchCycles - d[Excess];
  drainUntil(time);
  InFlight::Store &store = flight[0];
  const double taken = std::min(store.left, batch - d[Queued]);
  d[Queued] += taken;
  d[Waits] += taken * store.waits;
  d[Coming] -= taken;
  store.left -= taken;
  store.arrives = d[Accepted] = time;
  if (d[Queued] >= batch * (1 - kRounding)) { // at once
    const double ready = d[Free] + (d[Writing] > 0 ? 0 : dma.readToWriteCycles);
    d[Free] = d[Opens] * std::max(ready, time + dma.rowMissCycles) + (1 - d[Opens]) * std::max(ready, time) +
              batch + d[Waits];
    std::copy_backward(d + BatchEnds, d + BatchEnds + kMostBatches - 1, d + BatchEnds + kMostBatches);
    d[BatchEnds] = d[Free] + d[Excess];
    d[Queued] = d[Waits] = 0;
    d[Writing] = 1;
    d[Draining] = 0;
  } else if (d[Draining] == 0 && 2 * d[Queued] >= batch * (1 - kRounding)) {
    d[Draining] = 1;
    d[Enough] = time;
  }
  if (store.left <= kRounding * store.each) {
    store.left = std::min(store.each, store.rest);
    store.rest -= store.left;
    store.arrives = time + store.step;
    if (store.left <= kRounding * store.each)
      flight.pop();
    if (flight.empty())
      d[Coming] = 0;
  }
  return time;
}

/// Writes what there is enough of, as long as no load is there: the last burst begins before one is.
void Controller::drainUntil(double time) {
  if (d[Draining] == 0)
    return;
  const double from = std::max(d[Enough], d[Free]) + (d[Writing] > 0 ? 0 : dma.readToWriteCycles);
  if (from >= time)
    return;
  const double slower = 1 + d[Waits] / d[Queued];
  const double out =
      std::min(d[Queued], std::ceil((time - from) / (slower * dma.burstCycles)) * dma.burstCycles);
  d[Free] = from + out * slower;
  d[Queued] -= out;
  d[Waits] -= out * (slower - 1);
  d[Writing] = 1;
  d[Draining] = d[Queued] > 0;
}

double Controller::flushed() const {
  std::array<double, kNumbers> numbers;
  std::copy(d, d + kNumbers, numbers.begin());
  InFlight all = flight;
  Controller(numbers.data(), all, dma).admitAll();
  const double rest = numbers[Queued];
  const double turn = rest > 0 && numbers[Writing] == 0 ? dma.readToWriteCycles : 0;
  return std::max(numbers[Free] + turn + rest + numbers[Waits], numbers[StoresEnd]);
}

void Controller::advance(double periods, const double *now, const double *before) {
  const auto moved = [&](size_t k) { return periods * (now[k] - before[k]); };
  for (size_t k = 0; k < Newest; ++k)
    d[k] += moved(k);
  // Channels that have more to do than time fall behind at their own pace.
  const bool behind = now[Free] > now[Newest];
  const double shift = moved(Newest);
  flight.move(shift);
  for (size_t k = Newest; k < Coming; ++k)
    if (now[k] != before[k])
      d[k] += behind && (k == Free || k >= BatchEnds) ? moved(Free) : shift;
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
