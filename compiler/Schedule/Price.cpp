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
  queue[0] = reserve(5);
  queue[1] = reserve(5);
  dram = reserve(1 + kPerTransfer * kWindow);
  sequence = reserve(1);
  vectorFree = reserve(1);
  for (int64_t u = 0; u < units; ++u) {
    matrix.push_back(reserve(2 + 2 * static_cast<size_t>(banks)));
    drainFree.push_back(reserve(1));
  }
  for (const Buffer &buffer : l.buffers) {
    rings.push_back(reserve(kPerSlot * static_cast<size_t>(slotsOf(buffer))));
    writers.push_back(kAnyStream);
    readers.push_back(kAnyStream);
    touched.push_back(false);
  }
  for (const Buffer &buffer : l.buffers)
    if (cycle * slotsOf(buffer) <= kMostSlots && cycle % slotsOf(buffer) != 0)
      cycle = std::lcm(cycle, slotsOf(buffer));
  counters = reserve(kEngines + 5);
  nodes.resize(l.nodes.size());
  for (size_t i = 0; i < l.nodes.size(); ++i)
    nodes[i].bytes = encodedSize(l.nodes[i], l);
  sizesOf.prepare(l);
  for (size_t i = 0; i < l.nodes.size(); ++i) // of a transfer the address changes
    nodes[i].fixed = sizesOf.isFixed(i) && !std::holds_alternative<Load>(l.nodes[i]) &&
                     !std::holds_alternative<Store>(l.nodes[i]);
  for (const Tensor &each : l.tensors) {
    Shape4 shape = {1, 1, 1, 1};
    std::copy(each.shape.begin(), each.shape.end(), shape.end() - each.shape.size());
    shapes.push_back(shape);
  }
  columns.assign(static_cast<size_t>(units), 0);
}

void Run::clear() {
  units = cycle = 1;
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
  nodes.clear();
  shapes.clear();
}

Estimate Run::estimate() const {
  Estimate e;
  for (const StreamAt &stream : streams)
    e.cycles = std::max(e.cycles, x[stream.completes]);
  e.cycles = std::max(e.cycles, x[queue[1] + 2]); // what was stored is in the DRAM
  if (e.cycles > limit)
    e.cycles = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < kEngines; ++i)
    e.busy[i] = x[counters + i] / (i >= static_cast<size_t>(Engine::Matrix) ? double(units) : 1.0);
  e.dramCycles = x[counters + kEngines];
  e.dramBytes = x[counters + kEngines + 1];
  e.products = x[counters + kEngines + 2];
  e.elements = x[counters + kEngines + 3];
  e.steps = steps;
  e.instructions = x[counters + kEngines + 4];
  return e;
}

void Run::runLoop(size_t at, size_t depth) {
  const Loop &loop = std::get<Loop>(lp->nodes[at]);
  constexpr int64_t kPatience = 12; // iterations, then what there is must do
  if (loop.count < 2 * cycle + 2) { // no period could be left out
    for (int64_t &i = index[depth]; i < loop.count && !tooLong; ++i)
      body(at + 1, loop.end, depth + 1);
    index[depth] = 0;
    return;
  }
  Past &past = history[depth];
  past.begin(static_cast<size_t>(cycle) + 2, x.size());
  past.push(x);
  int64_t alike = 0; // iterations of equal sizes
  for (int64_t i = 0; i < loop.count && !tooLong; ++i) {
    index[depth] = i;
    body(at + 1, loop.end, depth + 1);
    past.push(x);
    ++alike;
    const int64_t last = sizesOf.alikeUntil(at, depth, i, index);
    if (last <= i) {
      alike = 0;
      continue;
    }
    // The last iteration, and the last one that is alike, run for themselves.
    const int64_t periods = (std::min(last, loop.count - 1) - i - 1) / cycle;
    if (periods < 1 || alike <= cycle || (alike < kPatience && !isPeriodic(past)))
      continue;
    const double *now = past.state(0), *before = past.state(static_cast<size_t>(cycle));
    skip(double(periods), now, before);
    past.replace(x);
    i += periods * cycle;
    alike = 0;
  }
  index[depth] = 0;
}

/// Moves everything by so many periods; what the DRAM remembers moves with its newest transfer.
void Run::skip(double periods, const double *now, const double *before) {
  const auto move = [&](size_t k) { x[k] += periods * (now[k] - before[k]); };
  for (size_t k = 0; k < dram; ++k)
    move(k);
  for (size_t k = dramEnd(); k < x.size(); ++k)
    move(k);
  const double shift = periods * (now[dram + 1] - before[dram + 1]);
  if (shift == 0) // no transfer in this loop
    return;
  x[dram] += shift;
  for (size_t k = 0; k < kWindow; ++k) {
    x[dram + 1 + kPerTransfer * k] += shift;
    x[dram + 3 + kPerTransfer * k] += periods * (now[sequence] - before[sequence]);
  }
}

/// Whether the last `cycle` iterations took each number as far as those before did, one iteration earlier.
bool Run::isPeriodic(const Past &past) const {
  constexpr double kSame = 1e-6; // cycles
  const auto period = static_cast<size_t>(cycle);
  const double *now = past.state(0), *then = past.state(period), *before = past.state(1),
               *earlier = past.state(period + 1);
  const auto same = [&](size_t k) {
    return std::abs((now[k] - then[k]) - (before[k] - earlier[k])) <= kSame;
  };
  for (size_t k = 0; k < dram + 2; ++k) // of what the DRAM remembers the newest
    if (k != dram && !same(k))
      return false;
  for (size_t k = dramEnd(); k < x.size(); ++k)
    if (!same(k))
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
    x[sequence] += 1;
    std::visit([&](const auto &action) { execute(action, nodes[at]); }, lp->nodes[at]);
    ++at;
  }
}

/// When an instruction of `stream` may start, as far as its stream and the buffers are concerned.
double Run::ready(int stream, const NodeState &node, std::initializer_list<Use> uses) {
  const StreamAt &s = streams[stream];
  x[s.decoded] = std::max(x[s.decoded], x[s.issued + kIssued - 1]) + double(mp->frontend.cycles(node.bytes));
  double start = std::max(x[s.decoded], x[s.issued]);
  for (const Use &use : uses) {
    if (use.apart && touched[use.buffer])
      continue;
    if (writers[use.buffer] != stream && !(isDrain(stream) && isDrain(writers[use.buffer])))
      start = std::max(start, slot(use.buffer, true));
    if (use.writes && readers[use.buffer] != stream)
      start = std::max(start, slot(use.buffer, false));
  }
  x[counters + kEngines + 4] += 1;
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
  double &last = slot(use.buffer, use.writes);
  if (owners[use.buffer] != stream)
    owners[use.buffer] = last > 0 && !use.writes ? kAnyStream : stream;
  last = std::max(last, completes);
  (&last)[2] = x[sequence];
}

Estimate estimate(const Layout &layout, const ChipModel &model, double atMost) {
  static thread_local Run run;
  return run(layout, model, atMost);
}

} // namespace arsis::schedule
