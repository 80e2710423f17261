// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The run over a layout. All of its state that time moves is one array of numbers, so that two iterations of
// a loop are compared, and a period is added many times, without knowing what the numbers mean. Rings and
// weight banks are kept in the order of their use, oldest last, so that an iteration finds them as the one
// before did.
#include "compiler/Schedule/Price.h"

#include "compiler/Schedule/EncodedSize.h"
#include "dialects/Isa/Encoding/Externals.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace arsis::schedule {

namespace {

using Indices = std::array<int64_t, kDeepest>;

constexpr int kAnyStream = -1;

/// Transfers of which it is remembered when they came to the DRAM.
constexpr size_t kWindow = 6;

/// Numbers of a stream: when the next instruction is decoded, when the last kPrefetchDepth were issued
/// (newest first), when the last one completes.
constexpr size_t kIssued = timing::Frontend::kPrefetchDepth;
struct StreamAt {
  size_t decoded, issued, completes;
};

/// A use of the current slot of a ring.
struct Use {
  int buffer;
  bool writes;
};

/// Serves one layout after the other: what it allocates is used again.
class Run {
public:
  Estimate operator()(const Layout &layout, const ChipModel &model) {
    lp = &layout;
    mp = &model;
    prepare();
    body(0, layout.nodes.size(), 0);
    return estimate();
  }

private:
  void prepare() {
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
    dram = reserve(1 + 3 * kWindow);
    sequence = reserve(1);
    busWork = reserve(1);
    vectorFree = reserve(1);
    for (int64_t u = 0; u < units; ++u) {
      matrix.push_back(reserve(2 + 2 * static_cast<size_t>(banks)));
      drainFree.push_back(reserve(1));
    }
    for (const Buffer &buffer : l.buffers) {
      rings.push_back(reserve(kPerSlot * static_cast<size_t>(slotsOf(buffer))));
      writers.push_back(kAnyStream);
      readers.push_back(kAnyStream);
    }
    for (const Buffer &buffer : l.buffers)
      if (cycle * slotsOf(buffer) <= kMostSlots && cycle % slotsOf(buffer) != 0)
        cycle = std::lcm(cycle, slotsOf(buffer));
    counters = reserve(kEngines + 5);
    nodes.resize(l.nodes.size());
    for (size_t i = 0; i < l.nodes.size(); ++i)
      nodes[i].bytes = encodedSize(l.nodes[i], l);
    prepareLoops();
    for (const Tensor &each : l.tensors) {
      Shape4 shape = {1, 1, 1, 1};
      std::copy(each.shape.begin(), each.shape.end(), shape.end() - each.shape.size());
      shapes.push_back(shape);
    }
    columns.assign(static_cast<size_t>(units), 0);
  }

  void clear() {
    units = cycle = 1;
    index = {};
    x.clear();
    streams.clear();
    matrix.clear();
    drainFree.clear();
    rings.clear();
    writers.clear();
    readers.clear();
    nodes.clear();
    edges.clear();
    shapes.clear();
  }

  Estimate estimate() const {
    Estimate e;
    for (const StreamAt &stream : streams)
      e.cycles = std::max(e.cycles, x[stream.completes]);
    for (size_t i = 0; i < kEngines; ++i)
      e.busy[i] = x[counters + i] / (i >= static_cast<size_t>(Engine::Matrix) ? double(units) : 1.0);
    e.dramCycles = x[counters + kEngines];
    e.dramBytes = x[counters + kEngines + 1];
    e.products = x[counters + kEngines + 2];
    e.elements = x[counters + kEngines + 3];
    e.instructions = x[counters + kEngines + 4];
    return e;
  }

  enum StreamNumber { LoadStream, StoreStream, VectorStream, FirstMatrixStream };
  static int matrixStream(int64_t unit) { return FirstMatrixStream + 2 * static_cast<int>(unit); }
  static int drainStream(int64_t unit) { return matrixStream(unit) + 1; }

  size_t reserve(size_t count) {
    x.resize(x.size() + count, 0.0);
    return x.size() - count;
  }
  /// More slots differ in nothing that the units could use.
  static constexpr int64_t kMostSlots = 6;
  static constexpr size_t kPerSlot = 4; // last write, last read, and which operations they were
  static int64_t slotsOf(const Buffer &buffer) { return std::min<int64_t>(buffer.slots, kMostSlots); }

  // Loops

  /// A clamped extent in the body of a loop that changes with its index, and how far the loops inside move
  /// its limit.
  struct Edge {
    const Extent *extent;
    int64_t least, most;
    int next; // of the same loop, or kNone
  };
  static constexpr int kNone = -1;
  struct NodeState {
    int edge = kNone;             // of a loop, the first
    int64_t bytes = 0;            // of an instruction
    std::array<int64_t, 8> key{}; // sizes and alignment of the last instance
    bool known = false;
    double cycles = 0, other = 0; // of it
    timing::Transfer transfer;
  };

  void prepareLoops() {
    open.clear();
    for (size_t i = 0; i < lp->nodes.size(); ++i) {
      while (!open.empty() && std::get<Loop>(lp->nodes[open.back()]).end <= i)
        open.pop_back();
      if (std::holds_alternative<Loop>(lp->nodes[i])) {
        open.push_back(i);
        continue;
      }
      forExtents(lp->nodes[i], [&](const Extent &extent) {
        if (!extent.clamped)
          return;
        int64_t least = 0, most = 0;
        for (size_t depth = open.size(); depth-- > 0;) {
          const int64_t step = extent.limit.step[depth],
                        reach = step * (std::get<Loop>(lp->nodes[open[depth]]).count - 1);
          if (step != 0)
            addEdge(nodes[open[depth]], {&extent, least, most, kNone});
          (reach < 0 ? least : most) += reach;
        }
      });
    }
  }

  void addEdge(NodeState &loop, Edge edge) {
    edge.next = loop.edge;
    loop.edge = static_cast<int>(edges.size());
    edges.push_back(edge);
  }

  template <class Work> static void forExtents(const Node &node, Work work) {
    auto box = [&](const auto &extents) {
      for (const Extent &extent : extents)
        work(extent);
    };
    std::visit(
        [&](const auto &action) {
          using Action = std::decay_t<decltype(action)>;
          if constexpr (std::is_same_v<Action, LoadWeights>) {
            box(action.k);
            work(action.n);
          } else if constexpr (std::is_same_v<Action, Multiply>) {
            box(action.m);
            box(action.k);
          } else if constexpr (std::is_same_v<Action, Drain>) {
            box(action.m);
            work(action.n);
          } else if constexpr (!std::is_same_v<Action, Loop> && !std::is_same_v<Action, Alloc>) {
            box(action.box);
          }
        },
        node);
  }

  /// The last iteration, from `i` on, in which all sizes of the body are what they are in iteration i.
  int64_t alikeUntil(const NodeState &loop, size_t depth, int64_t i, int64_t count) {
    int64_t last = count - 1;
    for (int e = loop.edge; e != kNone; e = edges[e].next) {
      const Edge &edge = edges[e];
      const int64_t step = edge.extent->limit.step[depth];
      int64_t base = edge.extent->limit.base + step * i;
      for (size_t d = 0; d < depth; ++d)
        base += edge.extent->limit.step[d] * index[d];
      if (base + edge.least >= edge.extent->tile) { // whole
        if (step < 0)
          last = std::min(last, i + (base + edge.least - edge.extent->tile) / -step);
      } else if (base + edge.most > 0 || step > 0) { // some are cut, or will not stay empty
        return i;
      }
    }
    return last;
  }

  void runLoop(size_t at, size_t depth) {
    const Loop &loop = std::get<Loop>(lp->nodes[at]);
    constexpr int64_t kPatience = 12; // iterations, then what there is must do
    Past &past = history[depth];
    past.begin(static_cast<size_t>(cycle) + 2, x.size());
    past.push(x);
    int64_t alike = 0; // iterations of equal sizes
    for (int64_t i = 0; i < loop.count; ++i) {
      index[depth] = i;
      body(at + 1, loop.end, depth + 1);
      past.push(x);
      ++alike;
      const int64_t last = alikeUntil(nodes[at], depth, i, loop.count);
      if (last <= i) {
        alike = 0;
        continue;
      }
      // The last iteration, and the last one that is alike, run for themselves.
      const int64_t periods = (std::min(last, loop.count - 1) - i - 1) / cycle;
      if (periods < 1 || alike <= cycle || (alike < kPatience && !isPeriodic(past)))
        continue;
      const double *now = past.state(0), *before = past.state(static_cast<size_t>(cycle));
      for (size_t k = 0; k < x.size(); ++k)
        x[k] += double(periods) * (now[k] - before[k]);
      past.replace(x);
      i += periods * cycle;
      alike = 0;
    }
    index[depth] = 0;
  }

  /// The last states of a loop.
  class Past {
  public:
    void begin(size_t most, size_t numbers) {
      count = most;
      size = numbers;
      newest = 0;
      if (states.size() < count * size)
        states.resize(count * size);
    }
    void push(const std::vector<double> &x) {
      newest = newest == 0 ? count - 1 : newest - 1;
      replace(x);
    }
    void replace(const std::vector<double> &x) {
      std::copy(x.begin(), x.end(), states.begin() + newest * size);
    }
    /// The newest is 0.
    const double *state(size_t age) const {
      const size_t at = newest + age;
      return states.data() + (at < count ? at : at - count) * size;
    }

  private:
    std::vector<double> states;
    size_t count = 0, size = 0, newest = 0;
  };

  /// Whether the last `cycle` iterations took each number as far as those before did, one iteration earlier.
  bool isPeriodic(const Past &past) const {
    constexpr double kSame = 1e-6; // cycles
    const auto period = static_cast<size_t>(cycle);
    const double *now = past.state(0), *then = past.state(period), *before = past.state(1),
                 *earlier = past.state(period + 1);
    for (size_t k = 0; k < x.size(); ++k)
      if (std::abs((now[k] - then[k]) - (before[k] - earlier[k])) > kSame)
        return false;
    return true;
  }

  void body(size_t begin, size_t end, size_t depth) {
    for (size_t at = begin; at < end;) {
      if (auto *loop = std::get_if<Loop>(&lp->nodes[at])) {
        runLoop(at, depth);
        at = loop->end;
        continue;
      }
      depthNow = depth;
      x[sequence] += 1;
      std::visit([&](const auto &action) { execute(action, nodes[at]); }, lp->nodes[at]);
      ++at;
    }
  }

  // Streams and dependences

  double &slot(int buffer, bool writes) { return x[rings[buffer] + (writes ? 0 : 1)]; }

  /// When an instruction of `stream` may start, as far as its stream and the buffers are concerned.
  double ready(int stream, const NodeState &node, std::initializer_list<Use> uses) {
    const StreamAt &s = streams[stream];
    x[s.decoded] =
        std::max(x[s.decoded], x[s.issued + kIssued - 1]) + double(mp->frontend.cycles(node.bytes));
    double start = std::max(x[s.decoded], x[s.issued]);
    for (const Use &use : uses) {
      if (writers[use.buffer] != stream)
        start = std::max(start, slot(use.buffer, true));
      if (use.writes && readers[use.buffer] != stream)
        start = std::max(start, slot(use.buffer, false));
    }
    x[counters + kEngines + 4] += 1;
    return start;
  }

  void finish(int stream, double started, double completes, std::initializer_list<Use> uses) {
    const StreamAt &s = streams[stream];
    for (size_t i = kIssued - 1; i > 0; --i)
      x[s.issued + i] = x[s.issued + i - 1];
    x[s.issued] = started;
    x[s.completes] = completes = std::max(completes, x[s.completes]);
    for (const Use &use : uses) {
      std::vector<int> &owners = use.writes ? writers : readers;
      double &last = slot(use.buffer, use.writes);
      if (owners[use.buffer] != stream)
        owners[use.buffer] = last > 0 && !use.writes ? kAnyStream : stream;
      last = std::max(last, completes);
      (&last)[2] = x[sequence];
    }
  }

  void count(Engine engine, double cycles) { x[counters + static_cast<size_t>(engine)] += cycles; }

  template <class Compute> void recall(NodeState &node, const std::array<int64_t, 8> &key, Compute compute) {
    if (node.known && node.key == key)
      return;
    node.key = key;
    node.known = true;
    compute();
  }

  template <size_t rank> std::array<int64_t, rank> sizes(const std::array<Extent, rank> &box) const {
    std::array<int64_t, rank> result;
    for (size_t d = 0; d < rank; ++d)
      result[d] = box[d].at(index);
    return result;
  }
  template <size_t rank> static int64_t volume(const std::array<int64_t, rank> &box) {
    int64_t product = 1;
    for (int64_t size : box)
      product *= size;
    return product;
  }
  template <size_t rank>
  timing::Axes axes(const std::array<int64_t, rank> &counts, const std::array<int64_t, rank> &strides) const {
    timing::Axes result;
    for (size_t d = 0; d < rank; ++d)
      result[result.size() - rank + d] = {counts[d], strides[d] * kElementBytes};
    return result;
  }

  // Operations

  void execute(const Loop &, NodeState &) {}

  void execute(const Alloc &alloc, NodeState &) {
    const size_t count = kPerSlot * static_cast<size_t>(slotsOf(lp->buffers[alloc.buffer]));
    double *ring = x.data() + rings[alloc.buffer];
    std::rotate(ring, ring + count - kPerSlot, ring + count);
    // Whoever used the slot last may have been of any stream.
    if (count > kPerSlot)
      writers[alloc.buffer] = readers[alloc.buffer] = kAnyStream;
  }

  void transferTime(const View &local, const std::array<int64_t, 4> &box, const std::array<Affine, 4> &at,
                    int tensor, bool store, NodeState &node) {
    const Shape4 &shape = shapes[tensor], strides = rowMajorStrides(shape);
    std::array<int64_t, 4> inside;
    int64_t address = 0;
    for (size_t d = 0; d < 4; ++d) {
      const int64_t first = at[d].at(index), begin = std::max<int64_t>(first, 0);
      inside[d] = std::max<int64_t>(0, std::min(first + box[d], shape[d]) - begin);
      address += begin * strides[d] * kElementBytes;
    }
    int64_t step = 0; // to the next instance, by the innermost loop that moves it
    for (size_t d = depthNow; d-- > 0 && step == 0;)
      for (size_t k = 0; k < 4; ++k)
        step += at[k].step[d] * strides[k] * kElementBytes;
    const int64_t phase = address % mp->dma.dram.interleaveBytes; // turning the channels changes nothing
    const std::array<int64_t, 8> key = {inside[0],       inside[1], inside[2], inside[3],
                                        box[0] * box[1], box[2],    box[3],    phase};
    recall(node, key, [&] {
      const timing::Runs runs = timing::contiguousRuns(inside, strides, kElementBytes);
      const int64_t elements = store ? volume(inside) : volume(box);
      const int64_t beats = mp->dma.localBeats(elements, box, local.strides, kElementBytes);
      node.transfer = mp->dma.transfer(runs, phase, step, beats);
      const timing::Transfer &t = node.transfer;
      node.cycles = double(std::max(mp->dma.busCycles(t.bytes), t.beats));
      node.other = mp->dma.dramAndTable(t);
    });
  }

  void move(int stream, const NodeState &node, std::initializer_list<Use> uses, Engine engine,
            double enabled) {
    const bool store = engine == Engine::Store;
    const double issued = ready(stream, node, uses);
    double &nextRequest = x[queue[store]], &lastData = x[queue[store] + 1];
    const timing::Transfer &t = node.transfer;
    const double begin = std::max(issued + double(mp->dma.startupCycles), nextRequest);
    double done;
    if (t.requests == 0) {
      done = std::max(begin, lastData) + node.cycles;
      nextRequest = done;
    } else {
      const double work = t.dramBytes / mp->dma.dramBytesPerCycle,
                   fullest = t.fullestBytes / mp->dma.dramBytesPerCycle,
                   bus = double(mp->dma.busCycles(t.bytes));
      const double first = store ? bus / double(t.requests) : 0;
      const double rounds = double(t.requests) / double(mp->dma.outstanding);
      const double moved = std::max(
          {shareDram(store, begin + first, work, enabled), share(queue[store] + 3, busWork, begin, bus),
           begin + node.cycles, begin + first + fullest,
           begin + first + (rounds > 1 ? node.other * (1 - 1 / rounds) + work / rounds : 0)});
      done = std::max(moved + mp->dma.latencyCycles + mp->dma.missLatency(t),
                      lastData + (store ? 0 : node.cycles));
      nextRequest = begin + std::max(node.cycles, node.other);
      x[counters + kEngines] += work;
    }
    lastData = done;
    count(engine, node.cycles);
    x[counters + kEngines + 1] += double(t.bytes);
    finish(stream, issued, done, uses);
  }

  /// When what loads and stores share has served `work` that a queue asks for at `begin`: one after the other
  /// within the queue, and never before all work of both queues could be done. The run meets transfers in the
  /// order of the program, not of time, so the queues fill each other's gaps.
  double share(size_t own, size_t all, double begin, double work) {
    x[all] += work;
    x[own] = std::max(x[own], begin) + work;
    return std::max(x[own], x[all]);
  }

  /// When the DRAM has served `work` that a queue asks for at `begin`. Whatever of both queues came at or
  /// after some time t has to be served after t: so the end is at least t plus all of that, for every t up to
  /// `begin`. The last kWindow transfers are looked at one by one; older ones are taken one after the other,
  /// as the run met them. Transfers that an operation behind `enabled` made possible come behind this one.
  /// The end never falls if a transfer begins later or is longer.
  double shareDram(bool store, double begin, double work, double enabled) {
    double &older = x[dram], *window = x.data() + dram + 1, // (begin, work, enabled), the newest first
                                 *oldest = window + 3 * (kWindow - 1), &own = x[queue[store] + 2],
           &enabledOwn = x[queue[store] + 4];
    const double arrives = std::max(begin, own);
    enabledOwn = std::max(enabledOwn, enabled);
    older = std::max(older, oldest[0]) + oldest[1];
    std::copy_backward(window, oldest, oldest + 3);
    window[0] = arrives;
    window[1] = work;
    window[2] = enabledOwn;
    std::array<double, kWindow> from, asked;
    double all = 0;
    for (size_t k = 0; k < kWindow; ++k) {
      const bool behind = window[3 * k + 2] > enabledOwn;
      from[k] = behind ? 0 : window[3 * k];
      asked[k] = behind ? 0 : window[3 * k + 1];
      all += asked[k];
    }
    double end = older + all;
    for (size_t k = 0; k < kWindow; ++k) {
      if (from[k] > arrives)
        continue;
      double served = from[k];
      for (size_t j = 0; j < kWindow; ++j)
        served += from[j] >= from[k] ? asked[j] : 0;
      end = std::max(end, served);
    }
    return own = end;
  }

  void execute(const Load &load, NodeState &node) {
    transferTime(load.to, sizes(load.box), load.at, load.tensor, false, node);
    move(LoadStream, node, {{load.to.buffer, true}}, Engine::Load, (&slot(load.to.buffer, false))[2]);
  }
  void execute(const Store &store, NodeState &node) {
    transferTime(store.from, sizes(store.box), store.at, store.tensor, true, node);
    move(StoreStream, node, {{store.from.buffer, false}}, Engine::Store, (&slot(store.from.buffer, true))[2]);
  }
  void execute(const LoadWeights &load, NodeState &node) {
    const std::array<int64_t, 3> k = sizes(load.k);
    const int64_t n = load.n.at(index);
    const int stream = matrixStream(load.unit);
    columns[load.unit] = n;
    recall(node, {k[0], k[1], k[2], n}, [&] {
      node.cycles =
          volume(k) * n == 0
              ? 0
              : double(mp->array.load({axes(k, load.weights.strides), axes<1>({n}, {1}), kElementBytes, 0})
                           .cycles);
    });
    const double issued = ready(stream, node, {{load.weights.buffer, false}});
    if (node.cycles == 0)
      return finish(stream, issued, issued, {});
    double *unit = x.data() + matrix[load.unit], *bank = unit + 2;
    std::rotate(bank, bank + 2 * (banks - 1), bank + 2 * banks); // the one used longest ago
    const double start = std::max({issued, bank[1], unit[0]});
    unit[0] = bank[0] = start + node.cycles;
    finish(stream, start, unit[0], {{load.weights.buffer, false}});
  }

  void execute(const Multiply &multiply, NodeState &node) {
    const std::array<int64_t, 3> rows = sizes(multiply.m), k = sizes(multiply.k);
    const int stream = matrixStream(multiply.unit);
    recall(node, {rows[0], rows[1], rows[2], k[0], k[1], k[2]}, [&] {
      node.cycles = volume(rows) * volume(k) == 0
                        ? 0
                        : double(mp->array
                                     .feed({axes(rows, multiply.rows.strides), axes(k, multiply.kStrides),
                                            kElementBytes, 0})
                                     .cycles);
    });
    const Use source{multiply.rows.buffer, false}, target{multiply.accumulator.buffer, true};
    const double issued = ready(stream, node, {source, target});
    if (node.cycles == 0)
      return finish(stream, issued, issued, {});
    double *unit = x.data() + matrix[multiply.unit], *bank = unit + 2;
    const double start = std::max({issued, bank[0], unit[1]});
    unit[1] = bank[1] = start + node.cycles;
    count(Engine::Matrix, double(volume(rows)));
    x[counters + kEngines + 2] += double(volume(rows) * volume(k)) * double(columns[multiply.unit]);
    const int64_t latency = timing::MatrixArray::latency(volume(k), columns[multiply.unit]);
    finish(stream, start, unit[1] + double(latency), {source, target});
  }

  void execute(const Drain &drain, NodeState &node) {
    const std::array<int64_t, 3> rows = sizes(drain.m);
    const int64_t n = drain.n.at(index);
    const int stream = drainStream(drain.unit);
    recall(node, {rows[0], rows[1], rows[2], n}, [&] {
      node.cycles =
          volume(rows) * n == 0
              ? 0
              : double(mp->array.drain({axes(rows, drain.to.strides), axes<1>({n}, {1}), kElementBytes, 0})
                           .cycles);
    });
    const Use source{drain.accumulator.buffer, false}, target{drain.to.buffer, true};
    const double issued = ready(stream, node, {source, target});
    if (node.cycles == 0)
      return finish(stream, issued, issued, {});
    double &free = x[drainFree[drain.unit]];
    const double start = std::max(issued, free);
    free = start + node.cycles;
    count(Engine::Drain, double(volume(rows)));
    finish(stream, start, free + double(timing::MatrixArray::kDrainPipelineCycles), {source, target});
  }

  struct VectorOperand {
    const View *view;
    std::array<int64_t, 4> count;
    bool reads, writes;
    std::array<int64_t, 2> window = {1, 1}, windowStrides = {0, 0};
  };

  void vector(NodeState &node, const std::array<VectorOperand, 4> &operands, size_t count, double perElement,
              int64_t results) {
    const VectorOperand &widest = operands[count - 1]; // of a pool or a reduction its source
    int64_t elements = 0, passes = 1;
    for (size_t i = 0; i < count; ++i) {
      elements = std::max(elements, volume(operands[i].count));
      passes = std::max(passes, volume(operands[i].window));
    }
    const std::array<int64_t, 8> key = {widest.count[0], widest.count[1], widest.count[2],
                                        widest.count[3], results,         operands[0].reads};
    recall(node, key, [&] {
      timing::VectorWork work;
      work.elements = elements;
      work.passes = passes;
      work.cyclesPerElement = perElement;
      work.results = results;
      for (size_t i = 0; i < count; ++i)
        work.add({axes(operands[i].count, operands[i].view->strides), kElementBytes, 0,
                  volume(operands[i].window) * (i == 0 && operands[0].reads ? 2 : 1)});
      node.cycles = elements == 0 ? 0 : double(mp->vector.use(work).cycles);
    });
    double issued = prepareVector(node, operands, count);
    double free = x[vectorFree], completes = issued;
    if (elements > 0) {
      issued = std::max(issued, free);
      for (size_t i = 0; i < count; ++i) // what the pipeline still computes
        if (operands[i].reads)
          issued = std::max(issued, slot(operands[i].view->buffer, true));
      x[vectorFree] = issued + node.cycles;
      completes = x[vectorFree] + double(mp->vector.figures.startup);
      this->count(Engine::Vector, node.cycles);
      x[counters + kEngines + 3] += double(elements * passes);
    }
    finishVector(issued, completes, operands, count);
  }

  double prepareVector(const NodeState &node, const std::array<VectorOperand, 4> &operands, size_t count) {
    double start = ready(VectorStream, node, {});
    for (size_t i = 0; i < count; ++i) {
      const int buffer = operands[i].view->buffer;
      if (writers[buffer] != VectorStream)
        start = std::max(start, slot(buffer, true));
      if (operands[i].writes && readers[buffer] != VectorStream)
        start = std::max(start, slot(buffer, false));
    }
    return start;
  }
  void finishVector(double issued, double completes, const std::array<VectorOperand, 4> &operands,
                    size_t count) {
    finish(VectorStream, issued, completes, {});
    for (size_t i = 0; i < count; ++i)
      for (bool writes : {false, true})
        if (writes ? operands[i].writes : operands[i].reads)
          mark(VectorStream, {operands[i].view->buffer, writes}, x[streams[VectorStream].completes]);
  }
  void mark(int stream, Use use, double completes) {
    std::vector<int> &owners = use.writes ? writers : readers;
    double &last = slot(use.buffer, use.writes);
    if (owners[use.buffer] != stream)
      owners[use.buffer] = last > 0 && !use.writes ? kAnyStream : stream;
    last = std::max(last, completes);
    (&last)[2] = x[sequence];
  }

  void execute(const Map &map, NodeState &node) {
    const std::array<int64_t, 4> box = sizes(map.box);
    std::array<VectorOperand, 4> operands{{{&map.to, box, false, true}}};
    for (size_t i = 0; i < map.inputCount; ++i)
      operands[i + 1] = {&map.inputs[i], box, true, false};
    vector(node, operands, 1 + map.inputCount, mp->vector.cyclesOf(map.function), 0);
  }
  void execute(const Reduce &reduce, NodeState &node) {
    const std::array<int64_t, 4> box = sizes(reduce.box);
    std::array<int64_t, 4> kept = box;
    kept[reduce.dimension] = 1;
    const bool accumulates = reduce.accumulate.at(index) != 0;
    vector(node, {{{&reduce.to, kept, accumulates, true}, {&reduce.input, box, true, false}}}, 2,
           mp->vector.cyclesOf(numerics::VectorFunction::Copy), volume(kept));
  }
  void execute(const Pool &pool, NodeState &node) {
    const std::array<int64_t, 4> box = sizes(pool.box);
    vector(node,
           {{{&pool.to, box, false, true}, {&pool.input, box, true, false, pool.window, pool.windowStrides}}},
           2, mp->vector.cyclesOf(numerics::VectorFunction::Copy), 0);
  }
  void execute(const PoolGrad &grad, NodeState &node) {
    const std::array<int64_t, 4> box = sizes(grad.box);
    std::array<VectorOperand, 4> operands{
        {{&grad.to, box, true, true, grad.window, grad.windowStrides}, {&grad.gradient, box, true, false}}};
    if (grad.x)
      operands[2] = {&*grad.x, box, true, false, grad.window, grad.windowStrides};
    vector(node, operands, grad.x ? 3 : 2, mp->vector.cyclesOf(numerics::VectorFunction::Copy), 0);
  }
  void execute(const External &external, NodeState &node) {
    const isa::ExternalWork work = isa::workOf(external.body, isa::Evaluation(index.data()));
    std::array<View, 4> views;
    std::array<VectorOperand, 4> operands;
    size_t count = 0;
    auto add = [&](const isa::ExternalOperand &from, bool reads) {
      views[count] = {bufferOf(external, from), 0, from.stride};
      operands[count] = {&views[count], from.count, reads, !reads, from.window, from.windowStride};
      if (isa::isEmpty(work))
        operands[count].count = {0, 0, 0, 0};
      ++count;
    };
    add(work.result, false);
    for (const isa::ExternalOperand &operand : work.operands)
      add(operand, true);
    node.known = false; // its sizes may be more than the key of an instance holds
    vector(node, operands, count, double(work.times) * mp->vector.cyclesOf(work.costsAs),
           work.reduces ? volume(work.result.count) : 0);
  }

  const Layout *lp = nullptr;
  const ChipModel *mp = nullptr;
  int64_t banks = 1, units = 1;
  Indices index{};
  size_t depthNow = 0;   // loops around the operation
  std::vector<double> x; // all that time moves
  std::vector<StreamAt> streams;
  size_t queue[2]; // next request, last data, own use of DRAM and bus
  size_t dram, sequence, busWork, vectorFree, counters;
  std::vector<size_t> matrix, drainFree; // of each unit; matrix: load port, feed, (loaded, used) of each bank
  std::vector<size_t> rings;         // of each buffer: kPerSlot numbers of each slot, the current one first
  std::vector<int> writers, readers; // streams of the current slot
  std::vector<NodeState> nodes;
  std::vector<int64_t> columns;       // of the weights that each unit loaded last
  int64_t cycle = 1;                  // iterations after which rings are where they were
  std::array<Past, kDeepest> history; // by depth
  std::vector<Edge> edges;
  std::vector<size_t> open; // loops around a node
  std::vector<Shape4> shapes;
};

} // namespace

Estimate estimate(const Layout &layout, const ChipModel &model) {
  static thread_local Run run;
  return run(layout, model);
}

} // namespace arsis::schedule
