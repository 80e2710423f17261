// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where an operation reaches, from its strides and counts alone. Extremes of an affine access are sums of the
// extremes of its dimensions, so a check costs a few additions however large the box is. What an operation
// computes before it writes must fit the memory that it goes to, which bounds what the model allocates.
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Memories.h"
#include "simulator/isa/Nest.h"

#include <algorithm>

namespace arsis::sim {
namespace {

struct Checker {
  const MemorySizes &sizes;

  void scratchpad(const char *operand, int64_t address, ElementType type, const isa::Reach &reach) const {
    const int64_t size = numerics::sizeInBytes(type);
    const isa::Reach::Bytes bytes = reach.bytes(address, size);
    if (bytes.begin < 0 || bytes.end > sizes.scratchpadBytes)
      throw ProgramError(std::string(operand) + " reaches bytes " + std::to_string(bytes.begin) + " to " +
                         std::to_string(bytes.end) + " of a scratchpad of " +
                         std::to_string(sizes.scratchpadBytes) + " bytes");
    if (address % size != 0)
      throw ProgramError(std::string(operand) + " at byte " + std::to_string(address) +
                         " is not aligned to its element of " + std::to_string(size) + " bytes");
  }
  template <size_t dims>
  void view(const char *operand, const View<std::array<int64_t, dims>> &view,
            const std::array<int64_t, dims> &count) const {
    isa::Reach reach;
    reach.extendAll(count, view.stride);
    scratchpad(operand, view.address, view.type, reach);
  }
  void accumulator(int64_t row, const Box3 &count, const Box3 &stride) const {
    isa::Reach reach;
    reach.extendAll(count, stride);
    const isa::Reach::Bytes rows = reach.bytes(row, 1);
    if (rows.begin < 0 || rows.end > sizes.accumulatorRows)
      throw ProgramError("acc reaches rows " + std::to_string(rows.begin) + " to " +
                         std::to_string(rows.end) + " of an accumulator of " +
                         std::to_string(sizes.accumulatorRows) + " rows");
  }
  void array(const char *what, int64_t asked, int64_t limit) const {
    if (asked > limit)
      throw ProgramError("the instruction asks for " + std::to_string(asked) + " " + what +
                         " of an array with " + std::to_string(limit));
  }

  /// A result whose elements are each written once has no more of them than its memory.
  template <size_t dims>
  void result(const char *operand, const View<std::array<int64_t, dims>> &target,
              const std::array<int64_t, dims> &count) const {
    view(operand, target, count);
    atMost("elements", operand, product(count), sizes.scratchpadBytes / numerics::sizeInBytes(target.type));
  }
  void atMost(const char *what, const char *operand, int64_t asked, int64_t limit) const {
    if (asked > limit)
      throw ProgramError(std::string(operand) + " has " + std::to_string(asked) + " " + what +
                         " in a memory of " + std::to_string(limit) + ", expected each once");
  }

  void operator()(const std::monostate &) const {}
  /// A store reads what goes to the tensor; the rest of its box is dropped.
  void operator()(const TransferOperation &op) const {
    if (!op.store)
      return result("local", op.local, op.box);
    const InRange part = inRange(op);
    if (part.count[0] == 0)
      return;
    isa::Reach reach;
    reach.extendAll(part.count, op.local.stride);
    for (size_t d = 0; d < 4; ++d)
      reach = reach.movedBy(isa::saturatingProduct(part.first[d], op.local.stride[d]));
    scratchpad("local", op.local.address, op.local.type, reach);
  }
  void operator()(const LoadWeightsOperation &op) const {
    array("rows", product(op.kCount), sizes.rows);
    array("columns", op.nCount, sizes.columns);
    isa::Reach reach;
    reach.extendAll(op.kCount, op.source.stride);
    reach.extend(op.nCount, op.nStride);
    scratchpad("source", op.source.address, op.source.type, reach);
  }
  void operator()(const MultiplyOperation &op) const {
    isa::Reach reach;
    reach.extendAll(op.mCount, op.source.stride);
    reach.extendAll(op.kCount, op.kStride);
    scratchpad("source", op.source.address, op.source.type, reach);
    accumulator(op.accumulatorRow, op.mCount, op.accumulatorStride);
    atMost("rows", "acc", product(op.mCount), sizes.accumulatorRows);
  }
  void operator()(const DrainOperation &op) const {
    array("columns", op.nCount, sizes.columns);
    accumulator(op.accumulatorRow, op.mCount, op.accumulatorStride);
    isa::Reach reach;
    reach.extendAll(op.mCount, op.destination.stride);
    reach.extend(op.nCount, op.columnStride);
    scratchpad("destination", op.destination.address, op.destination.type, reach);
    atMost("elements", "destination", isa::saturatingProduct(product(op.mCount), op.nCount),
           sizes.scratchpadBytes / numerics::sizeInBytes(op.destination.type));
  }
  void operator()(const MapOperation &op) const {
    static constexpr const char *names[] = {"a", "b", "c"};
    for (unsigned p = 0; p < numerics::operandCount(op.function); ++p)
      view(names[p], op.operands[p], op.count);
    result("destination", op.destination, op.count);
  }
  void operator()(const ReduceOperation &op) const {
    view("a", op.source, op.count);
    Box4 kept = op.count;
    for (size_t d = 0; d < 4; ++d)
      kept[d] = op.mask >> d & 1 ? 1 : kept[d];
    result("destination", op.destination, kept);
  }
  void window(const char *operand, const View<Box4> &view, const Box4 &count,
              const std::array<int64_t, 2> &window, const std::array<int64_t, 2> &stride) const {
    isa::Reach reach;
    reach.extendAll(count, view.stride);
    reach.extendAll(window, stride);
    scratchpad(operand, view.address, view.type, reach);
  }
  void operator()(const PoolOperation &op) const {
    window("a", op.source, op.count, op.window, op.windowStride);
    result("destination", op.destination, op.count);
  }
  void operator()(const PoolGradOperation &op) const {
    if (op.function == numerics::ReduceFunction::Max)
      window("x", op.x, op.count, op.window, op.windowStride);
    result("gradient", op.gradient, op.count);
    window("destination", op.destination, op.count, op.window, op.windowStride);
  }
  void operator()(const ExternalOperation &op) const {
    for (const isa::ExternalOperand &operand : op.work->operands)
      window(operand.name, {operand.address, operand.stride, operand.type}, operand.count, operand.window,
             operand.windowStride);
    const isa::ExternalOperand &to = op.work->result;
    result<4>(to.name, {to.address, to.stride, to.type}, to.count);
  }
};

} // namespace

void checkBounds(const Operation &operation, const MemorySizes &sizes) {
  std::visit(Checker{sizes}, operation);
}

} // namespace arsis::sim
