// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Work.h. One overload per operation.
#include "simulator/units/Work.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Nest.h"
#include "simulator/units/Walks.h"
#include "timing/Words.h"

#include <algorithm>
#include <numeric>

namespace arsis::sim {
namespace {

/// Results of a reduction.
Box4 keptBox(const ReduceOperation &op) {
  Box4 kept = op.count;
  for (size_t d = 0; d < kept.size(); ++d)
    if (op.mask >> d & 1)
      kept[d] = 1;
  return kept;
}

using numerics::sizeInBytes;
using numerics::VectorFunction;

/// The dimensions of a view that a loop nest reads: trailing ones with stride zero hold the element in a
/// register.
Box4 readBox(const View<Box4> &view, const Box4 &count) {
  Box4 read = count;
  for (size_t d = 4; d-- > 0 && (view.stride[d] == 0 || count[d] == 1);)
    read[d] = 1;
  return read;
}

/// What the arithmetic of `elements` elements of a function costs.
void countFunction(VectorFunction function, int64_t elements, EventCounts &counts) {
  const auto add = [&](Event event) { counts[event] += elements; };
  if (isTranscendental(function))
    return add(Event::TranscendentalOps);
  add(Event::VectorOps);
  switch (function) {
  case VectorFunction::Copy:
  case VectorFunction::Fill:
    return;
  case VectorFunction::Fma:
  case VectorFunction::ScaleAdd:
    add(Event::VectorMultiplies);
    return add(Event::VectorAdds);
  case VectorFunction::Multiply:
  case VectorFunction::Scale:
    return add(Event::VectorMultiplies);
  case VectorFunction::Add:
  case VectorFunction::Subtract:
  case VectorFunction::Offset:
    return add(Event::VectorAdds);
  default: // maximum, relu, select and their like
    return add(Event::VectorCompares);
  }
}

void countCombination(numerics::ReduceFunction function, int64_t elements, EventCounts &counts) {
  counts[Event::VectorOps] += elements;
  counts[function == numerics::ReduceFunction::Sum ? Event::VectorAdds : Event::VectorCompares] += elements;
}

constexpr int64_t kLaneBits = 32;

struct Counter {
  const WorkFigures &figures;
  EventCounts &counts;

  template <size_t dims>
  int64_t words(const std::array<int64_t, dims> &count, const View<std::array<int64_t, dims>> &view,
                int64_t beat) const {
    return timing::wordsOpened(axesOf(count, view.stride, view.type), sizeInBytes(view.type), view.address,
                               beat, figures.wordBytes);
  }
  /// Of a transfer, whose instances are worked out one by one.
  int64_t transferWords(const Box4 &count, const View<Box4> &view) const {
    const auto &[a, b, c, d] = view.stride;
    return figures.transfers.get({count[0], count[1], count[2], count[3], a, b, c, d, sizeInBytes(view.type),
                                  figures.insideWord(view.address)},
                                 [&] { return words(count, view, 0); });
  }
  /// Words of a view at every position of a window.
  int64_t windowWords(const Box4 &count, View<Box4> view, const std::array<int64_t, 2> &window,
                      const std::array<int64_t, 2> &stride) const {
    const int64_t start = view.address, size = sizeInBytes(view.type);
    int64_t sum = 0;
    for (int64_t i = 0; i < window[0]; ++i)
      for (int64_t j = 0; j < window[1]; ++j) {
        view.address = start + (i * stride[0] + j * stride[1]) * size;
        sum += words(count, view, figures.lanes);
      }
    return sum;
  }
  /// Of rows that are needed at once, one after the other: `row` inside, `outer` outside. With a transposer
  /// blocks can be read the other way, which is done where it opens fewer words.
  int64_t rowWords(const timing::Axes &outer, const timing::Axes &row, ElementType type,
                   int64_t address) const {
    const int64_t size = sizeInBytes(type);
    const auto oneWay = [&](const timing::Axes &over, const timing::Axes &inside, int64_t beat) {
      int64_t times = 1;
      for (const timing::Axis &axis : over)
        times *= axis.count;
      const bool alike = std::all_of(over.begin(), over.end(), [&](const timing::Axis &axis) {
        return axis.count == 1 || figures.wholeWords(axis.strideBytes);
      });
      if (alike)
        return times * timing::wordsOpened(inside, size, address, beat, figures.wordBytes);
      int64_t sum = 0;
      forEachStart(over, address, [&](int64_t start, int64_t repeated) {
        sum += repeated * timing::wordsOpened(inside, size, start, beat, figures.wordBytes);
      });
      return sum;
    };
    const int64_t straight = oneWay(outer, row, 0);
    const auto innermost =
        std::find_if(row.rbegin(), row.rend(), [](const timing::Axis &axis) { return axis.count > 1; });
    if (!figures.transposer || innermost == row.rend() || innermost->strideBytes == size)
      return straight;
    return std::min(straight, oneWay(row, outer, figures.rows));
  }
  /// Calls visit(start, times) for the places in a word where the steps of the axes begin.
  template <class Visit>
  void forEachStart(const timing::Axes &axes, int64_t address, Visit visit, size_t axis = 0,
                    int64_t times = 1) const {
    if (axis == axes.size())
      return visit(figures.insideWord(address), times);
    const auto [steps, stride] = axes[axis];
    if (figures.wholeWords(stride))
      return forEachStart(axes, address, visit, axis + 1, times * steps);
    const int64_t period = figures.wordBytes / std::gcd(stride, figures.wordBytes);
    for (int64_t i = 0; i < std::min(steps, period); ++i)
      forEachStart(axes, address + i * stride, visit, axis + 1, times * ((steps - i + period - 1) / period));
  }
  /// The width of what the multipliers take of an operand: where a product takes several passes, a part.
  int64_t multiplierBits(ElementType type) const {
    return figures.passes.of(type) > 1 ? 16 : 8 * sizeInBytes(type);
  }

  void operator()(const std::monostate &) const {}
  void operator()(const TransferOperation &op) const {
    const InRange range = inRange(op);
    const int64_t inside = product(range.count), all = product(op.box);
    const int64_t localSize = sizeInBytes(op.local.type), tensorSize = sizeInBytes(op.tensor->type);
    // A queue gathers the beats of the bus until a word is complete.
    if (op.store) {
      View<Box4> from = op.local;
      for (size_t d = 0; d < 4; ++d)
        from.address += range.first[d] * op.local.stride[d] * localSize;
      counts[Event::StorePayloadBytes] += inside * tensorSize;
      counts[Event::ScratchpadReadBytes] += inside * localSize;
      counts[Event::ScratchpadReadWords] += inside > 0 ? transferWords(range.count, from) : 0;
    } else {
      counts[Event::LoadPayloadBytes] += inside * tensorSize;
      counts[Event::FillBytes] += (all - inside) * localSize;
      counts[Event::ScratchpadWriteBytes] += all * localSize;
      counts[Event::ScratchpadWriteWords] += transferWords(op.box, op.local);
    }
  }
  void operator()(const LoadWeightsOperation &op) const {
    const int64_t k = product(op.kCount), times = figures.passes.of(op.source.type);
    counts[Event::ScratchpadReadBytes] += k * op.nCount * sizeInBytes(op.source.type) * times;
    counts[Event::ScratchpadReadWords] +=
        times * rowWords(axesOf(op.kCount, op.source.stride, op.source.type),
                         axesOf<1>({op.nCount}, {op.nStride}, op.source.type), op.source.type,
                         op.source.address);
    // A weight of row r moves through r + 1 registers of the chain.
    counts[Event::RegisterBits] += k * (k + 1) / 2 * op.nCount * multiplierBits(op.source.type) * times;
  }
  void operator()(const MultiplyOperation &op) const {
    const int64_t m = product(op.mCount), k = product(op.kCount), row = op.columns * 4;
    const int64_t times = figures.passes.of(op.source.type);
    counts[productEvent(op.source.type)] += m * k * op.columns;
    // Every PE hands its operand on to the right and its sum down.
    counts[Event::RegisterBits] += m * k * op.columns * (multiplierBits(op.source.type) + kLaneBits) * times;
    counts[Event::ScratchpadReadBytes] += m * k * sizeInBytes(op.source.type) * times;
    counts[Event::ScratchpadReadWords] +=
        times * rowWords(axesOf(op.mCount, op.source.stride, op.source.type),
                         axesOf(op.kCount, op.kStride, op.source.type), op.source.type, op.source.address);
    counts[Event::AccumulatorWriteBytes] += m * row * times;
    counts[Event::AccumulatorWriteRows] += m * times;
    counts[Event::AccumulatorReadBytes] += m * row * (op.accumulate ? times : times - 1);
    counts[Event::AccumulatorReadRows] += m * (op.accumulate ? times : times - 1);
  }
  void operator()(const DrainOperation &op) const {
    const int64_t m = product(op.mCount), elements = m * op.nCount;
    const ElementType type = op.destination.type;
    counts[Event::AccumulatorReadBytes] += elements * 4;
    counts[Event::AccumulatorReadRows] += m;
    counts[Event::ScratchpadWriteBytes] += elements * sizeInBytes(type);
    timing::Axes box = axesOf(op.mCount, op.destination.stride, type); // the first axis is one
    box = {box[1], box[2], box[3], {op.nCount, op.columnStride * sizeInBytes(type)}};
    counts[Event::ScratchpadWriteWords] +=
        timing::wordsOpened(box, sizeInBytes(type), op.destination.address, op.nCount, figures.wordBytes);
  }
  void operator()(const MapOperation &op) const {
    const int64_t elements = product(op.count);
    const unsigned operands = numerics::operandCount(op.function);
    for (unsigned p = 0; p < operands; ++p) {
      const Box4 read = readBox(op.operands[p], op.count);
      counts[Event::ScratchpadReadBytes] += product(read) * sizeInBytes(op.operands[p].type);
      counts[Event::ScratchpadReadWords] += words(read, op.operands[p], figures.lanes);
    }
    counts[Event::ScratchpadWriteBytes] += elements * sizeInBytes(op.destination.type);
    counts[Event::ScratchpadWriteWords] += words(op.count, op.destination, figures.lanes);
    counts[Event::RegisterBits] += elements * kLaneBits * (operands + 1);
    countFunction(op.function, elements, counts);
  }
  void operator()(const ReduceOperation &op) const {
    const Box4 kept = keptBox(op);
    const int64_t results = product(kept), elements = product(op.count);
    const int64_t resultWords = words(kept, op.destination, figures.lanes);
    counts[Event::ScratchpadReadBytes] += elements * sizeInBytes(op.source.type);
    counts[Event::ScratchpadReadWords] += words(op.count, op.source, figures.lanes);
    counts[Event::ScratchpadWriteBytes] += results * 4;
    counts[Event::ScratchpadWriteWords] += resultWords;
    if (op.accumulate) {
      counts[Event::ScratchpadReadBytes] += results * 4;
      counts[Event::ScratchpadReadWords] += resultWords;
    }
    counts[Event::RegisterBits] += elements * kLaneBits * 2;
    countCombination(op.function, elements, counts);
  }
  void operator()(const PoolOperation &op) const {
    const int64_t outputs = product(op.count), taps = product(op.window);
    counts[Event::ScratchpadReadBytes] += outputs * taps * sizeInBytes(op.source.type);
    counts[Event::ScratchpadReadWords] += windowWords(op.count, op.source, op.window, op.windowStride);
    counts[Event::ScratchpadWriteBytes] += outputs * 4;
    counts[Event::ScratchpadWriteWords] += words(op.count, op.destination, figures.lanes);
    counts[Event::RegisterBits] += outputs * taps * kLaneBits * 2;
    countCombination(op.function, outputs * taps, counts);
  }
  void operator()(const PoolGradOperation &op) const {
    const int64_t outputs = product(op.count), taps = product(op.window);
    const bool max = op.function == numerics::ReduceFunction::Max;
    const int64_t updates = max ? outputs : outputs * taps;
    counts[Event::ScratchpadReadBytes] += (outputs + updates + (max ? outputs * taps : 0)) * 4;
    counts[Event::ScratchpadWriteBytes] += updates * 4;
    // Where a maximum lies is known to the values alone: each gradient is added in a word of its own.
    const int64_t updated = max ? outputs : windowWords(op.count, op.destination, op.window, op.windowStride);
    counts[Event::ScratchpadReadWords] += words(op.count, op.gradient, figures.lanes) + updated +
                                          (max ? windowWords(op.count, op.x, op.window, op.windowStride) : 0);
    counts[Event::ScratchpadWriteWords] += updated;
    counts[Event::RegisterBits] += outputs * taps * kLaneBits * 2;
    countCombination(op.function, outputs * taps, counts);
    if (max)
      counts[Event::VectorAdds] += outputs;
  }
  void operator()(const ExternalOperation &op) const {
    const isa::ExternalWork &work = *op.work;
    for (const isa::ExternalOperand &operand : work.operands) {
      const View<Box4> view{operand.address, operand.stride, operand.type};
      const Box4 read = readBox(view, operand.count);
      counts[Event::ScratchpadReadBytes] +=
          product(read) * sizeInBytes(operand.type) * product(operand.window);
      counts[Event::ScratchpadReadWords] += windowWords(read, view, operand.window, operand.windowStride);
    }
    counts[Event::ScratchpadWriteBytes] += isa::elementsOf(work.result) * sizeInBytes(work.result.type);
    counts[Event::ScratchpadWriteWords] +=
        words(work.result.count, View<Box4>{work.result.address, work.result.stride, work.result.type},
              figures.lanes);
    const int64_t visits = isa::visitsOf(work) * work.times;
    counts[Event::RegisterBits] += visits * kLaneBits * static_cast<int64_t>(work.operands.size() + 1);
    countFunction(work.costsAs, visits, counts);
  }
};

struct Elements {
  template <class Op> int64_t operator()(const Op &) const { return 0; }
  int64_t operator()(const MapOperation &op) const { return product(op.count); }
  int64_t operator()(const ReduceOperation &op) const { return product(op.count); }
  int64_t operator()(const PoolOperation &op) const { return product(op.count) * product(op.window); }
  int64_t operator()(const PoolGradOperation &op) const { return product(op.count) * product(op.window); }
  int64_t operator()(const ExternalOperation &op) const { return isa::visitsOf(*op.work); }
};

} // namespace

WorkFigures::WorkFigures(const chip::Chip &chip)
    : passes(chip), wordBytes(chip.integer("scratchpad.bank_width_bytes")),
      lanes(chip.integer("vector.lanes")), rows(chip.integer("matrix.rows")),
      transposer(chip.integer("matrix.transposer") != 0) {}

void countWork(const Operation &operation, const WorkFigures &figures, EventCounts &counts) {
  std::visit(Counter{figures, counts}, operation);
}

int64_t vectorElements(const Operation &operation) { return std::visit(Elements{}, operation); }

bool isTranscendental(numerics::VectorFunction function) {
  switch (function) {
  case numerics::VectorFunction::Reciprocal:
  case numerics::VectorFunction::Rsqrt:
  case numerics::VectorFunction::Exp:
  case numerics::VectorFunction::Log:
  case numerics::VectorFunction::Tanh:
  case numerics::VectorFunction::Random:
  case numerics::VectorFunction::Erf:
    return true;
  default:
    return false;
  }
}

} // namespace arsis::sim
