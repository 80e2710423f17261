// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where an operation reaches, from its strides and counts alone. Extremes of an affine access are sums of the
// extremes of its dimensions, so a check costs a few additions however large the box is.
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Memories.h"
#include "simulator/isa/Nest.h"

#include <algorithm>

namespace arsis::sim {
namespace {

struct Range {
  int64_t first = 0, last = 0; // elements, both included
  template <size_t dims>
  void extend(const std::array<int64_t, dims> &count, const std::array<int64_t, dims> &stride) {
    for (size_t d = 0; d < dims; ++d)
      extend(count[d], stride[d]);
  }
  void extend(int64_t count, int64_t stride) {
    const int64_t reach = (count - 1) * stride;
    first += std::min<int64_t>(0, reach);
    last += std::max<int64_t>(0, reach);
  }
};

struct Checker {
  const MemorySizes &sizes;

  void scratchpad(const char *operand, int64_t address, ElementType type, const Range &range) const {
    const int64_t size = numerics::sizeInBytes(type);
    const int64_t begin = address + range.first * size, end = address + (range.last + 1) * size;
    if (begin < 0 || end > sizes.scratchpadBytes)
      throw Error(std::string(operand) + " reaches bytes " + std::to_string(begin) + " to " +
                  std::to_string(end) + " of a scratchpad of " + std::to_string(sizes.scratchpadBytes) +
                  " bytes");
    if (address % size != 0)
      throw Error(std::string(operand) + " at byte " + std::to_string(address) +
                  " is not aligned to its element of " + std::to_string(size) + " bytes");
  }
  template <size_t dims>
  void view(const char *operand, const View<std::array<int64_t, dims>> &view,
            const std::array<int64_t, dims> &count) const {
    Range range;
    range.extend(count, view.stride);
    scratchpad(operand, view.address, view.type, range);
  }
  void accumulator(int64_t row, const Box3 &count, const Box3 &stride) const {
    Range range;
    range.extend(count, stride);
    if (row + range.first < 0 || row + range.last >= sizes.accumulatorRows)
      throw Error("acc reaches rows " + std::to_string(row + range.first) + " to " +
                  std::to_string(row + range.last + 1) + " of an accumulator of " +
                  std::to_string(sizes.accumulatorRows) + " rows");
  }
  void array(const char *what, int64_t asked, int64_t limit) const {
    if (asked > limit)
      throw Error("the instruction asks for " + std::to_string(asked) + " " + what + " of an array with " +
                  std::to_string(limit));
  }

  void operator()(const std::monostate &) const {}
  /// A store reads what goes to the tensor; the rest of its box is dropped.
  void operator()(const TransferOperation &op) const {
    const InRange part = op.store ? inRange(op) : InRange{{}, op.box, true};
    if (part.count[0] == 0)
      return;
    Range range;
    range.extend(part.count, op.local.stride);
    for (size_t d = 0; d < 4; ++d) {
      range.first += part.first[d] * op.local.stride[d];
      range.last += part.first[d] * op.local.stride[d];
    }
    scratchpad("local", op.local.address, op.local.type, range);
  }
  void operator()(const LoadWeightsOperation &op) const {
    array("rows", product(op.kCount), sizes.rows);
    array("columns", op.nCount, sizes.columns);
    Range range;
    range.extend(op.kCount, op.source.stride);
    range.extend(op.nCount, op.nStride);
    scratchpad("source", op.source.address, op.source.type, range);
  }
  void operator()(const MultiplyOperation &op) const {
    Range range;
    range.extend(op.mCount, op.source.stride);
    range.extend(op.kCount, op.kStride);
    scratchpad("source", op.source.address, op.source.type, range);
    accumulator(op.accumulatorRow, op.mCount, op.accumulatorStride);
  }
  void operator()(const DrainOperation &op) const {
    array("columns", op.nCount, sizes.columns);
    accumulator(op.accumulatorRow, op.mCount, op.accumulatorStride);
    Range range;
    range.extend(op.mCount, op.destination.stride);
    range.extend(op.nCount, op.columnStride);
    scratchpad("destination", op.destination.address, op.destination.type, range);
  }
  void operator()(const MapOperation &op) const {
    static constexpr const char *names[] = {"a", "b", "c"};
    for (unsigned p = 0; p < numerics::operandCount(op.function); ++p)
      view(names[p], op.operands[p], op.count);
    view("destination", op.destination, op.count);
  }
  void operator()(const ReduceOperation &op) const {
    view("a", op.source, op.count);
    view("destination", op.destination, op.count);
  }
  void window(const char *operand, const View<Box4> &view, const Box4 &count,
              const std::array<int64_t, 2> &window, const std::array<int64_t, 2> &stride) const {
    Range range;
    range.extend(count, view.stride);
    range.extend(window, stride);
    scratchpad(operand, view.address, view.type, range);
  }
  void operator()(const PoolOperation &op) const {
    window("a", op.source, op.count, op.window, op.windowStride);
    view("destination", op.destination, op.count);
  }
  void operator()(const PoolGradOperation &op) const {
    if (op.function == numerics::ReduceFunction::Max)
      window("x", op.x, op.count, op.window, op.windowStride);
    view("gradient", op.gradient, op.count);
    window("destination", op.destination, op.count, op.window, op.windowStride);
  }
};

} // namespace

void checkBounds(const Operation &operation, const MemorySizes &sizes) {
  std::visit(Checker{sizes}, operation);
}

} // namespace arsis::sim
