// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The run: what each operation takes, and when its engine can do it. See Run.h.
#include "compiler/Schedule/Run.h"

#include "dialects/Isa/Encoding/Externals.h"

#include <cmath>

namespace arsis::schedule {

void Run::execute(const Alloc &alloc, NodeState &) {
  const size_t count = kPerSlot * static_cast<size_t>(slotsOf(lp->buffers[alloc.buffer]));
  double *ring = x.data() + rings[alloc.buffer];
  std::rotate(ring, ring + count - kPerSlot, ring + count);
  // Whoever used the slot last may have been of any stream.
  if (count > kPerSlot)
    writers[alloc.buffer] = readers[alloc.buffer] = kAnyStream;
  touched[alloc.buffer] = false;
  ++allocated[alloc.buffer];
  written[alloc.buffer] = {};
  writtenElsewhere(alloc.buffer) = 0;
}

void Run::transferTime(const View &local, const std::array<int64_t, 4> &box, const std::array<Affine, 4> &at,
                       int tensor, bool store, NodeState &node) {
  const Shape4 &shape = shapes[tensor], &strides = this->strides[tensor];
  const int64_t bytes = lp->tensors[tensor].elementBytes();
  std::array<int64_t, 4> inside;
  int64_t address = lp->tensors[tensor].offset * bytes;
  for (size_t d = 0; d < 4; ++d) {
    const int64_t first = at[d].at(index, depthNow), begin = std::max<int64_t>(first, 0);
    inside[d] = std::max<int64_t>(0, std::min(first + box[d], shape[d]) - begin);
    address += begin * strides[d] * bytes;
  }
  int64_t step = 0; // to the next instance, by the innermost loop that moves it
  for (size_t d = depthNow; d-- > 0 && step == 0;)
    for (size_t k = 0; k < 4; ++k)
      step += at[k].step[d] * strides[k] * bytes;
  const int64_t phase = address % mp->dma.dram.interleaveBytes; // turning the channels changes nothing
  const std::array<int64_t, 8> key = {inside[0],       inside[1], inside[2], inside[3],
                                      box[0] * box[1], box[2],    box[3],    phase};
  recall(node, key, [&] {
    const timing::Runs runs = timing::contiguousRuns(inside, strides, bytes);
    const int64_t elements = store ? volume(inside) : volume(box);
    const int64_t beats = mp->dma.localBeats(elements, box, local.strides, bytesIn(local.buffer));
    node.transfer = mp->dma.transfer(runs, phase, step, beats, store);
    const timing::Transfer &t = node.transfer;
    node.cycles = double(std::max(mp->dma.busCycles(t.bytes), t.beats));
    node.opens = store || t.bytes == 0 ? 0 : mp->dma.firstRowClosed(t);
    node.pieces = std::max(1.0, double(t.bytes) / double(mp->dma.chunkBytes(t.bytes)));
    node.trip = t.requests == 0 ? 0 : double(mp->dma.roundTrip(t.bytes / t.requests, store));
  });
}

/// `rowsClosed`: by transfers of other tensors, of those that this one would find open.
void Run::move(int stream, const NodeState &node, std::initializer_list<Use> uses, Engine engine,
               double rowsClosed) {
  const bool store = engine == Engine::Store;
  const double issued = ready(stream, node, uses);
  double &nextRequest = x[queue[store]], &lastData = x[queue[store] + 1];
  timing::Transfer t = node.transfer;
  t.rowsOpened += rowsClosed;
  const double begin = std::max(issued + double(mp->dma.startupCycles), nextRequest);
  double done;
  if (t.requests == 0) {
    done = std::max(begin, lastData) + node.cycles;
    nextRequest = done;
  } else {
    // Pieces as the machine sends them (simulator/units/DmaEngine.h); the table goes round at its own pace.
    const timing::Dma &dma = mp->dma;
    const double pieces = node.pieces, trip = node.trip;
    const double bus = node.cycles / pieces, requests = double(t.requests) / pieces; // of a whole piece
    Controller dram = controller();
    if (store) { // its data wait in the controller
      const double share = requests / double(dma.outstanding), step = std::max(bus, trip * share);
      const double accepted =
          dram.store(t, begin + bus / requests, std::min(1.0, t.rowsOpened / t.rowsVisited), pieces, step);
      done = std::max({begin + node.cycles, accepted + dma.writeLatencyCycles, lastData});
      nextRequest = std::max(begin + pieces * step, accepted + dma.writeLatencyCycles * std::min(1.0, share));
    } else {
      nextRequest = load(t, begin, node.cycles, pieces, trip, rowsClosed,
                         rowsClosed > 0 ? dma.firstRowClosed(t) : node.opens);
      done = lastData;
      delayStore();
    }
    x[counters + DramWork] += dma.dramCycles(t, t.sharedBytes);
    x[counters + PartialBatches] += store ? Controller::partialBatches(t, dma) : 0;
  }
  lastData = done;
  count(engine, node.cycles);
  x[counters + Bytes] += double(t.bytes);
  finish(stream, issued, done, uses);
}

void Run::delayStore() {
  if (lastStore.buffer < 0)
    return;
  const double done = controller().storesAccepted() + mp->dma.writeLatencyCycles;
  double &lastData = x[queue[true] + 1];
  if (done <= lastData)
    return;
  const int64_t slots = slotsOf(lp->buffers[lastStore.buffer]),
                behind = allocated[lastStore.buffer] - lastStore.allocated;
  if (behind < slots) {
    double &read = x[rings[lastStore.buffer] + kPerSlot * static_cast<size_t>(behind) + 1];
    read = std::max(read, done);
  }
  lastData = done;
  double &completes = x[streams[StoreStream].completes];
  completes = std::max(completes, done);
}

/// A load in pieces as the machine sends them (simulator/units/DmaEngine.h). Returns when the next one may be
/// sent.
double Run::load(const timing::Transfer &t, double begin, double moving, double pieces, double trip,
                 double rowsClosed, double opens) {
  const timing::Dma &dma = mp->dma;
  Controller dram = controller();
  Table all(x.data() + table, double(dma.outstanding));
  const double waits = dma.bankCycles(t), work = dma.channelCycles(t, t.sharedBytes) + waits,
               alone = dma.channelCycles(t, t.dramBytes) + waits, again = std::min(1.0, rowsClosed);
  const double inBank = again * std::max(0.0, dma.rowCycleCycles - alone);
  const double tail = trip - shortTrip;
  // Of a piece the first row is closed, or a later one, which opens while the others are served.
  const double cycles = alone / pieces, miss = dma.rowMissCycles;
  const double exposed = cycles > miss ? miss / (2 * cycles) : 1 - cycles / (2 * miss);
  const double waitPerIdle = dma.refreshWaitCycles / halfRefresh;
  struct Part {
    double requests, work, alone, inBank, bus, lag; // lag: of the last request's data behind the first's
  };
  const auto partOf = [&](double share) {
    const double requests = share * double(t.requests), bus = share * moving;
    return Part{requests, share * work, share * alone, share * inBank, bus, bus - bus / requests};
  };
  double sent = begin, &lastData = x[queue[false] + 1];
  Part part = partOf(1 / pieces);
  for (double left = pieces; left > 0; left -= 1) {
    if (left < 1)
      part = partOf(left / pieces);
    const auto [free, entered] = all.entries(part.requests);
    sent = std::max(sent, free);
    // Refresh holds up a load that comes at any time; what it takes from the others is in their rate.
    // A row that others opened just before stays open for its time first.
    const double since = dram.sinceLoad(sent), idle = std::clamp(since - part.work, 0.0, halfRefresh),
                 late = left == pieces ? again * std::max(0.0, dma.rowOpenCycles - since) : 0,
                 latency = dma.latencyCycles + late + waitPerIdle * idle,
                 issued = all.issued(part.requests, sent, entered, trip),
                 served = dram.load({part.work, part.alone, opens, part.inBank}, sent);
    const double first = served - part.alone + dma.burstCycles + latency, before = lastData;
    lastData = std::max({served + latency, issued + trip, first + part.lag, lastData + part.bus});
    all.put(part.requests, std::min(lastData, std::max(first + tail, before)), lastData, left < pieces);
    opens = std::min(1.0, exposed * t.rowsOpened / pieces);
    sent += part.bus;
  }
  return sent;
}

void Run::execute(const Load &load, NodeState &node) {
  transferTime(load.to, sizes(load.box), load.at, load.tensor, false, node);
  move(LoadStream, node, {{load.to.buffer, true, load.apart}}, Engine::Load,
       rows.closed(load.tensor, node.transfer, mp->dma));
}

void Run::execute(const Store &store, NodeState &node) {
  transferTime(store.from, sizes(store.box), store.at, store.tensor, true, node);
  move(StoreStream, node, {{store.from.buffer, false}}, Engine::Store,
       rows.closed(store.tensor, node.transfer, mp->dma));
  lastStore.buffer = store.from.buffer;
  lastStore.allocated = allocated[store.from.buffer];
}

void Run::execute(const LoadWeights &load, NodeState &node) {
  const std::array<int64_t, 3> k = sizes(load.k);
  const int64_t bytes = bytesIn(load.weights.buffer);
  const numerics::ElementType type = lp->buffers[load.weights.buffer].type;
  const int64_t n = load.n.at(index, depthNow);
  const int stream = matrixStream(load.unit);
  columns[load.unit] = n;
  const int64_t at = startOf(load.weights);
  recall(node, {k[0], k[1], k[2], n, at}, [&] {
    node.cycles =
        volume(k) * n == 0
            ? 0
            : double(
                  mp->array
                      .load({axes(k, load.weights.strides, bytes), axes<1>({n}, {1}, bytes), bytes, at}, type)
                      .cycles);
  });
  const double issued = ready(stream, node, {{load.weights.buffer, false}});
  double *unit = x.data() + matrix[load.unit], *bank = unit + kPorts;
  std::rotate(bank, bank + 2 * (banks - 1), bank + 2 * banks); // the one used longest ago
  if (node.cycles == 0) // has its bank, and others wait for it, all the same
    return finish(stream, issued, issued, {{load.weights.buffer, false}});
  const double start = std::max({issued, bank[1], unit[0]});
  // The port itself keeps the next load away so long. Without a product, of no rows, the bank's last use must
  // not stay what it was: it would come round as if it were news.
  unit[0] = bank[0] = bank[1] = start + node.cycles;
  finish(stream, start, unit[0], {{load.weights.buffer, false}});
}

void Run::execute(const Multiply &multiply, NodeState &node) {
  const std::array<int64_t, 3> rows = sizes(multiply.m), k = sizes(multiply.k);
  const int64_t bytes = bytesIn(multiply.rows.buffer);
  const numerics::ElementType type = lp->buffers[multiply.rows.buffer].type;
  const int stream = matrixStream(multiply.unit);
  const int64_t at = startOf(multiply.rows);
  recall(node, {rows[0], rows[1], rows[2], k[0], k[1], k[2], at}, [&] {
    node.cycles = volume(rows) * volume(k) == 0
                      ? 0
                      : double(mp->array
                                   .feed({axes(rows, multiply.rows.strides, bytes),
                                          axes(k, multiply.kStrides, bytes), bytes, at},
                                         type)
                                   .cycles);
  });
  const Use source{multiply.rows.buffer, false}, target{multiply.accumulator.buffer, true};
  const double issued = ready(stream, node, {source, target});
  if (node.cycles == 0)
    return finish(stream, issued, issued, {source, target});
  double *unit = x.data() + matrix[multiply.unit], *bank = unit + kPorts;
  const double start = std::max({issued, bank[0], unit[1]});
  const timing::PePipeline &pe = mp->array.pipeline;
  const auto depth = double(pe.depth(volume(k), int64_t(std::ceil(unit[2] - start))));
  unit[1] = start + node.cycles;
  unit[2] = unit[1] + depth * double(pe.latency);
  bank[1] = unit[1] + double(pe.hold(volume(k)));
  count(Engine::Matrix, double(volume(rows) * mp->array.passes.of(type)));
  x[counters + Products] += double(volume(rows) * volume(k)) * double(columns[multiply.unit]);
  finish(stream, start, unit[1] + double(pe.tail(int64_t(depth), columns[multiply.unit])), {source, target});
}

void Run::execute(const Drain &drain, NodeState &node) {
  const std::array<int64_t, 3> rows = sizes(drain.m);
  const int64_t bytes = bytesIn(drain.to.buffer);
  const int64_t n = drain.n.at(index, depthNow);
  const int stream = drainStream(drain.unit);
  const int64_t at = startOf(drain.to);
  recall(node, {rows[0], rows[1], rows[2], n, at}, [&] {
    node.cycles =
        volume(rows) * n == 0
            ? 0
            : double(
                  mp->array.drain({axes(rows, drain.to.strides, bytes), axes<1>({n}, {1}, bytes), bytes, at})
                      .cycles);
  });
  const Use source{drain.accumulator.buffer, false}, target{drain.to.buffer, true};
  const double issued = ready(stream, node, {source, target});
  if (node.cycles == 0)
    return finish(stream, issued, issued, {source, target});
  double &free = x[drainFree[drain.unit]];
  const double start = std::max(issued, free);
  free = start + node.cycles;
  count(Engine::Drain, double(volume(rows)));
  finish(stream, start, free + double(timing::MatrixArray::kDrainPipelineCycles), {source, target});
}

void Run::vector(NodeState &node, const std::array<VectorOperand, 4> &operands, size_t count,
                 double perElement, int64_t results) {
  const VectorOperand &widest = operands[count - 1]; // of a pool or a reduction its source
  int64_t elements = 0, passes = 1;
  for (size_t i = 0; i < count; ++i) {
    elements = std::max(elements, volume(operands[i].count));
    passes = std::max(passes, volume(operands[i].window));
  }
  std::array<int64_t, 4> at{};
  int64_t starts = 0;
  for (size_t i = 0; i < count; ++i)
    starts = starts * mp->dma.banks.widthBytes + (at[i] = startOf(*operands[i].view));
  const std::array<int64_t, 8> key = {widest.count[0], widest.count[1],   widest.count[2], widest.count[3],
                                      results,         operands[0].reads, starts};
  recall(node, key, [&] {
    timing::VectorWork work;
    work.elements = elements;
    work.passes = passes;
    work.cyclesPerElement = perElement;
    work.results = results;
    for (size_t i = 0; i < count; ++i) {
      const int64_t bytes = bytesIn(operands[i].view->buffer);
      work.add({axes(operands[i].count, operands[i].view->strides, bytes), bytes, at[i],
                volume(operands[i].window) * (i == 0 && operands[0].reads ? 2 : 1)});
    }
    node.cycles = elements == 0 ? 0 : double(mp->vector.use(work).cycles);
  });
  double issued = prepareVector(node, operands, count);
  double free = x[vectorFree], completes = issued;
  if (elements > 0) {
    issued = std::max(issued, free);
    for (size_t i = 0; i < count; ++i) // what the pipeline still computes
      if (const int buffer = operands[i].view->buffer; operands[i].reads)
        issued = std::max(issued, placesOf(operands[i]).meet(written[buffer]) ? slot(buffer, true)
                                                                              : writtenElsewhere(buffer));
    x[vectorFree] = issued + node.cycles;
    completes = x[vectorFree] + double(mp->vector.figures.startup);
    this->count(Engine::Vector, node.cycles);
    x[counters + Elements] += double(elements * passes);
  }
  finishVector(issued, completes, operands, count);
}

/// First to last, as the vector unit compares them.
Run::Places Run::placesOf(const VectorOperand &operand) const {
  Places places;
  places.first = places.last = operand.view->offset.at(index, depthNow);
  const auto extend = [&](int64_t count, int64_t stride) {
    (stride < 0 ? places.first : places.last) += (count - 1) * stride;
  };
  for (size_t d = 0; d < 4; ++d)
    extend(operand.count[d], operand.view->strides[d]);
  for (size_t d = 0; d < 2; ++d)
    extend(operand.window[d], operand.windowStrides[d]);
  return places;
}

double Run::prepareVector(const NodeState &node, const std::array<VectorOperand, 4> &operands, size_t count) {
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

void Run::finishVector(double issued, double completes, const std::array<VectorOperand, 4> &operands,
                       size_t count) {
  finish(VectorStream, issued, completes, {});
  for (size_t i = 0; i < count; ++i) {
    if (!operands[i].writes)
      continue;
    const int buffer = operands[i].view->buffer;
    const Places places = placesOf(operands[i]);
    if (!places.cover(written[buffer]))
      writtenElsewhere(buffer) = std::max(writtenElsewhere(buffer), slot(buffer, true));
    written[buffer] = places;
  }
  for (size_t i = 0; i < count; ++i)
    for (bool writes : {false, true})
      if (writes ? operands[i].writes : operands[i].reads)
        mark(VectorStream, {operands[i].view->buffer, writes}, x[streams[VectorStream].completes]);
}

void Run::execute(const Map &map, NodeState &node) {
  const std::array<int64_t, 4> box = sizes(map.box);
  std::array<VectorOperand, 4> operands{{{&map.to, box, false, true}}};
  for (size_t i = 0; i < map.inputCount; ++i)
    operands[i + 1] = {&map.inputs[i], box, true, false};
  vector(node, operands, 1 + map.inputCount, mp->vector.cyclesOf(map.function), 0);
}

void Run::execute(const Reduce &reduce, NodeState &node) {
  const std::array<int64_t, 4> box = sizes(reduce.box);
  std::array<int64_t, 4> kept = box;
  kept[reduce.dimension] = 1;
  const bool accumulates = reduce.accumulate.at(index, depthNow) != 0;
  vector(node, {{{&reduce.to, kept, accumulates, true}, {&reduce.input, box, true, false}}}, 2,
         mp->vector.cyclesOf(numerics::VectorFunction::Copy), volume(kept));
}

void Run::execute(const Pool &pool, NodeState &node) {
  const std::array<int64_t, 4> box = sizes(pool.box);
  vector(node,
         {{{&pool.to, box, false, true}, {&pool.input, box, true, false, pool.window, pool.windowStrides}}},
         2, mp->vector.cyclesOf(numerics::VectorFunction::Copy), 0);
}

void Run::execute(const PoolGrad &grad, NodeState &node) {
  const std::array<int64_t, 4> box = sizes(grad.box);
  std::array<VectorOperand, 4> operands{
      {{&grad.to, box, true, true, grad.window, grad.windowStrides}, {&grad.gradient, box, true, false}}};
  if (grad.x)
    operands[2] = {&*grad.x, box, true, false, grad.window, grad.windowStrides};
  vector(node, operands, grad.x ? 3 : 2, mp->vector.cyclesOf(numerics::VectorFunction::Copy), 0);
}

void Run::execute(const External &external, NodeState &node) {
  const isa::ExternalWork work = isa::workOf(external.body, isa::Evaluation(index.data()));
  std::array<View, 4> views;
  std::array<VectorOperand, 4> operands;
  size_t count = 0;
  auto add = [&](const isa::ExternalOperand &from, bool reads) {
    views[count] = {bufferOf(external, from), from.address / numerics::sizeInBytes(from.type), from.stride};
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

} // namespace arsis::schedule
