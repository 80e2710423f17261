// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The run: preparation, loops, streams and dependences. See Run.h.
#include "compiler/Schedule/Run.h"

#include "compiler/Schedule/EncodedSize.h"

#include <cmath>
#include <numeric>

namespace arsis::schedule {

Estimate Run::operator()(const Layout &layout, const ChipModel &model, double atMost) {
  lp = &layout;
  mp = &model;
  limit = atMost;
  prepare();
  body(0, layout.nodes.size(), 0);
  return estimate();
}

void Run::prepare() {
  const Layout &l = *lp;
  clear();
  banks = mp->limits.weightBanks;
  for (const Buffer &buffer : l.buffers)
    if (buffer.accumulator)
      units = std::max(units, buffer.unit + 1);
  for (size_t s = 0; s < 3 + 2 * static_cast<size_t>(units); ++s) {
    const size_t at = reserve(2 + kIssued);
    streams.push_back({at, at + 1, at + 1 + kIssued});
  }
  queue[0] = reserve(2);
  queue[1] = reserve(2);
  table = reserve(Table::kNumbers);
  dram = reserve(Controller::kNumbers);
  halfRefresh =
      mp->dma.refreshWaitCycles > 0 ? mp->dma.refreshWaitCycles * mp->dma.dram.refi / mp->dma.dram.rfc : 1;
  vectorFree = reserve(1);
  for (int64_t u = 0; u < units; ++u) {
    matrix.push_back(reserve(kPorts + 2 * static_cast<size_t>(banks)));
    drainFree.push_back(reserve(1));
  }
  for (const Buffer &buffer : l.buffers) {
    rings.push_back(reserve(kPerSlot * static_cast<size_t>(slotsOf(buffer))));
    writers.push_back(kAnyStream);
    readers.push_back(kAnyStream);
    touched.push_back(false);
    allocated.push_back(0);
    written.emplace_back();
  }
  elsewhere = reserve(l.buffers.size());
  counters = reserve(Counters);
  nodes.resize(l.nodes.size());
  for (size_t i = 0; i < l.nodes.size(); ++i)
    nodes[i].decode = double(mp->frontend.cycles(encodedSize(l.nodes[i], l)));
  prepareTurns();
  shortTrip = double(mp->dma.roundTrip(1, false));
  sizesOf.prepare(l);
  for (const Tensor &each : l.tensors) {
    Shape4 shape = {1, 1, 1, 1};
    std::copy(each.shape.begin(), each.shape.end(), shape.end() - each.shape.size());
    shapes.push_back(shape);
    strides.push_back(rowMajorStrides(shape));
    std::copy(each.strides.begin(), each.strides.end(), strides.back().end() - each.strides.size());
  }
  columns.assign(static_cast<size_t>(units), 0);
}

/// Loops that turn no ring need no more than one iteration to come round.
void Run::prepareTurns() {
  turns.assign(lp->nodes.size(), 1);
  for (size_t i = 0; i < lp->nodes.size(); ++i) {
    const auto *loop = std::get_if<Loop>(&lp->nodes[i]);
    int64_t &cycle = turns[i];
    for (size_t k = i + 1; loop && k < loop->end; ++k)
      if (const auto *alloc = std::get_if<Alloc>(&lp->nodes[k]))
        if (const int64_t slots = slotsOf(lp->buffers[alloc->buffer]); cycle * slots <= kMostSlots)
          cycle = std::lcm(cycle, slots);
  }
}

void Run::clear() {
  units = 1;
  tooLong = false;
  steps = 0;
  index = {};
  x.clear();
  streams.clear();
  matrix.clear();
  drainFree.clear();
  rings.clear();
  writers.clear();
  readers.clear();
  touched.clear();
  allocated.clear();
  lastStore = {};
  written.clear();
  nodes.clear();
  shapes.clear();
  strides.clear();
  rows.clear();
  flight.clear();
}

Estimate Run::estimate() {
  Estimate e;
  for (const StreamAt &stream : streams)
    e.cycles = std::max(e.cycles, x[stream.completes]);
  e.cycles = std::max(e.cycles, controller().flushed()); // what was stored is in the DRAM
  if (e.cycles > limit)
    e.cycles = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < kEngines; ++i)
    e.busy[i] = x[counters + i] / (i >= static_cast<size_t>(Engine::Matrix) ? double(units) : 1.0);
  e.dramCycles = x[counters + DramWork];
  e.dramBytes = x[counters + Bytes];
  e.products = x[counters + Products];
  e.elements = x[counters + Elements];
  e.steps = steps;
  e.instructions = x[counters + Instructions];
  return e;
}

void Run::runLoop(size_t at, size_t depth) {
  const Loop &loop = std::get<Loop>(lp->nodes[at]);
  const int64_t cycle = turns[at];
  if (loop.count < 2 * cycle + 2) { // no period could be left out
    for (int64_t &i = index[depth]; i < loop.count && !tooLong; ++i)
      body(at + 1, loop.end, depth + 1);
    index[depth] = 0;
    return;
  }
  Past &past = history[depth];
  past.begin(static_cast<size_t>(std::max(cycle, kMostAlike)) + 2, x.size());
  past.push(x);
  int64_t alike = 0; // iterations of equal sizes
  double stored = x[counters + PartialBatches];
  for (int64_t i = 0; i < loop.count && !tooLong; ++i) {
    index[depth] = i;
    body(at + 1, loop.end, depth + 1);
    past.push(x);
    ++alike;
    const int64_t last = sizesOf.alikeUntil(at, depth, i, index);
    const size_t stores = counters + static_cast<size_t>(Engine::Store);
    const bool backlog = past.state(0)[stores] == past.state(1)[stores] &&
                         Controller::runsOut(past.state(0) + dram, past.state(1) + dram);
    if (last <= i || backlog) {
      alike = 0;
      stored = x[counters + PartialBatches];
      continue;
    }
    // The last iteration, and the last one that is alike, run for themselves.
    const int64_t periods = (std::min(last, loop.count - 1) - i - 1) / cycle;
    if (periods < 1 || alike <= cycle)
      continue;
    const int64_t span = spanOf(past, cycle, alike, x[counters + PartialBatches] - stored);
    if (span == 0)
      continue;
    skip(double(periods * cycle) / double(span), past.state(0), past.state(static_cast<size_t>(span)));
    past.replace(x);
    i += periods * cycle;
    alike = 0;
  }
  index[depth] = 0;
}

/// Of so many alike iterations the last ones, of which the rest follows; 0 if it does not yet. Stores of
/// parts of batches have a period of their own, after which the queue is as full as before.
int64_t Run::spanOf(const Past &past, int64_t cycle, int64_t alike, double partialBatches) const {
  const auto at = [&](int64_t age) { return past.state(static_cast<size_t>(age)); };
  if (partialBatches == 0 && isPeriodic(past, cycle))
    return cycle;
  // What the first iterations found empty, of streams and rings, is full.
  const int64_t settled = std::min(alike, kMostAlike) - std::max<int64_t>(kIssued + 1, cycle);
  constexpr double kNearly = 0.02;
  const int64_t least = (kLeastAlike + cycle - 1) / cycle * cycle;
  for (int64_t span = least; partialBatches > 0 && span <= settled / 2; span += cycle)
    if (Controller::recurs(at(0) + dram, at(span) + dram, mp->dma) &&
        Controller::recurs(at(span) + dram, at(2 * span) + dram, mp->dma) &&
        samePace(at(0), at(span), at(2 * span), kNearly))
      return span;
  const int64_t patience = partialBatches > 0 ? kMostAlike : std::max(kPatience, 4 * cycle);
  return alike < patience ? 0 : std::max(cycle, settled * 2 / 3 / cycle * cycle);
}

/// Whether each stream took as long from `then` to `now` as it did from `before` to `then`, within a share.
bool Run::samePace(const double *now, const double *then, const double *before, double within) const {
  for (const StreamAt &stream : streams) {
    const double last = now[stream.completes] - then[stream.completes];
    if (std::abs(last - (then[stream.completes] - before[stream.completes])) > within * last)
      return false;
  }
  return true;
}

/// Moves everything by so many periods.
void Run::skip(double periods, const double *now, const double *before) {
  for (size_t k = 0; k < x.size(); ++k)
    if (!ofController(k))
      x[k] += periods * (now[k] - before[k]);
  controller().advance(periods, now + dram, before + dram);
  written.assign(written.size(), Places{}); // somewhere else now
}

/// Whether the last `cycle` iterations took each number as far as those before did, one iteration earlier.
bool Run::isPeriodic(const Past &past, int64_t cycle) const {
  constexpr double kSame = 1e-6; // cycles
  const auto period = static_cast<size_t>(cycle);
  const double *now = past.state(0), *then = past.state(period), *before = past.state(1),
               *earlier = past.state(period + 1);
  const auto same = [&](size_t k) {
    return std::abs((now[k] - then[k]) - (before[k] - earlier[k])) <= kSame;
  };
  for (size_t k = 0; k < x.size(); ++k)
    if (!ofController(k) && !same(k))
      return false;
  return true;
}

void Run::body(size_t begin, size_t end, size_t depth) {
  for (size_t at = begin; at < end;) {
    if (auto *loop = std::get_if<Loop>(&lp->nodes[at])) {
      runLoop(at, depth);
      at = loop->end;
      continue;
    }
    depthNow = depth;
    ++steps;
    std::visit([&](const auto &action) { execute(action, nodes[at]); }, lp->nodes[at]);
    ++at;
  }
}

/// When an instruction of `stream` may start, as far as its stream and the buffers are concerned.
double Run::ready(int stream, const NodeState &node, std::initializer_list<Use> uses) {
  const StreamAt &s = streams[stream];
  x[s.decoded] = std::max(x[s.decoded], x[s.issued + kIssued - 1]) + node.decode;
  double start = std::max(x[s.decoded], x[s.issued]);
  for (const Use &use : uses) {
    if (use.apart && touched[use.buffer])
      continue;
    if (writers[use.buffer] != stream && !(isDrain(stream) && isDrain(writers[use.buffer])))
      start = std::max(start, slot(use.buffer, true));
    if (use.writes && readers[use.buffer] != stream)
      start = std::max(start, slot(use.buffer, false));
  }
  x[counters + Instructions] += 1;
  return start;
}

void Run::finish(int stream, double started, double completes, std::initializer_list<Use> uses) {
  const StreamAt &s = streams[stream];
  for (size_t i = kIssued - 1; i > 0; --i)
    x[s.issued + i] = x[s.issued + i - 1];
  x[s.issued] = started;
  x[s.completes] = completes = std::max(completes, x[s.completes]);
  tooLong |= completes > limit;
  for (const Use &use : uses)
    mark(stream, use, completes);
}

/// Remembers a use of the current slot of a ring.
void Run::mark(int stream, Use use, double completes) {
  touched[use.buffer] = true;
  std::vector<int> &owners = use.writes ? writers : readers;
  if (use.writes && stream != VectorStream)
    written[use.buffer] = {};
  double &last = slot(use.buffer, use.writes);
  if (owners[use.buffer] != stream)
    owners[use.buffer] = last > 0 && !use.writes ? kAnyStream : stream;
  last = std::max(last, completes);
}

Estimate estimate(const Layout &layout, const ChipModel &model, double atMost) {
  static thread_local Run run;
  return run(layout, model, atMost);
}

} // namespace arsis::schedule
