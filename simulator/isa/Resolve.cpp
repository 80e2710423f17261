// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an encoded instruction and the loop indices to an operation. One overload per instruction; a zero
// extent makes the operation empty.
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "simulator/isa/Nest.h"
#include "simulator/isa/Operation.h"

namespace arsis::sim {
namespace {

struct Resolver {
  const int64_t *index;
  const isa::Program &program;
  int64_t weightBanks;
  Operation &operation;

  template <size_t n> std::array<int64_t, n> at(const std::array<isa::Extent, n> &extents) const {
    std::array<int64_t, n> values;
    for (size_t d = 0; d < n; ++d)
      values[d] = extents[d].evaluate(index);
    return values;
  }
  template <size_t n, class T> static std::array<int64_t, n> widen(const std::array<T, n> &strides) {
    std::array<int64_t, n> values;
    for (size_t d = 0; d < n; ++d)
      values[d] = strides[d];
    return values;
  }
  template <size_t n>
  View<std::array<int64_t, n>> view(const isa::Address &address, const std::array<int32_t, n> &stride,
                                    ElementType type) const {
    return {address.evaluate(index), widen(stride), type};
  }
  int64_t bankOf(const isa::Affine &bank) const {
    int64_t value = bank.evaluate(index) % weightBanks;
    return value < 0 ? value + weightBanks : value;
  }
  template <class Op> Op &emplace() const {
    if (auto *held = std::get_if<Op>(&operation))
      return *held;
    return operation.emplace<Op>();
  }
  template <size_t n> static bool anyZero(const std::array<int64_t, n> &counts) {
    for (int64_t count : counts)
      if (count == 0)
        return true;
    return false;
  }
  void clear() const { operation.emplace<std::monostate>(); }

  void operator()(const isa::Loop &) const { clear(); }
  void operator()(const isa::EndLoop &) const { clear(); }
  void operator()(const isa::WaitOnly &) const { clear(); }

  template <class Transfer> void transfer(const Transfer &body, bool store, float fill) const {
    auto &op = emplace<TransferOperation>();
    op.store = store;
    op.tensor = &program.tensors[body.tensor];
    for (size_t d = 0; d < 4; ++d)
      op.coordinate[d] = body.coordinate[d].evaluate(index);
    op.box = at(body.box);
    op.local = view(body.local, body.localStride, body.localType);
    op.fill = fill;
    if (anyZero(op.box))
      clear();
  }
  void operator()(const isa::Load &body) const { transfer(body, false, body.fill); }
  void operator()(const isa::Store &body) const { transfer(body, true, 0.0f); }

  void operator()(const isa::LoadWeights &body) const {
    auto &op = emplace<LoadWeightsOperation>();
    op.bank = bankOf(body.bank);
    op.kCount = at(body.kCount);
    op.nCount = body.nCount.evaluate(index);
    op.nStride = body.nStride;
    op.source = view(body.source, body.kStride, body.type);
    if (anyZero(op.kCount) || op.nCount == 0)
      clear();
  }
  void operator()(const isa::Multiply &body) const {
    auto &op = emplace<MultiplyOperation>();
    op.bank = bankOf(body.bank);
    op.mCount = at(body.mCount);
    op.kCount = at(body.kCount);
    op.kStride = widen(body.kStride);
    op.source = view(body.source, body.mStride, body.type);
    op.accumulatorRow = body.acc.evaluate(index);
    op.accumulatorStride = widen(body.accStride);
    op.accumulate = body.accumulate.evaluate(index) != 0;
    if (anyZero(op.mCount) || anyZero(op.kCount))
      clear();
  }
  void operator()(const isa::Drain &body) const {
    auto &op = emplace<DrainOperation>();
    op.accumulatorRow = body.acc.evaluate(index);
    op.mCount = at(body.mCount);
    op.accumulatorStride = widen(body.accStride);
    op.nCount = body.nCount.evaluate(index);
    op.columnStride = body.columnStride;
    op.destination = view(body.destination, body.destinationStride, body.type);
    if (anyZero(op.mCount) || op.nCount == 0)
      clear();
  }
  void operator()(const isa::Map &body) const {
    auto &op = emplace<MapOperation>();
    op.function = body.function;
    op.count = at(body.count);
    op.destination = view(body.destination, body.destinationStride, body.destinationType);
    const unsigned operands = numerics::operandCount(op.function);
    if (operands > 0)
      op.operands[0] = view(body.a, body.aStride, body.aType);
    if (operands > 1)
      op.operands[1] = view(body.b, body.bStride, body.bType);
    if (operands > 2)
      op.operands[2] = view(body.c, body.cStride, body.cType);
    op.immediate = body.immediate;
    if (anyZero(op.count))
      clear();
  }
  void operator()(const isa::Reduce &body) const {
    auto &op = emplace<ReduceOperation>();
    op.function = body.function;
    op.count = at(body.count);
    op.mask = body.reduceMask;
    op.destination = view(body.destination, body.destinationStride, ElementType::F32);
    for (size_t d = 0; d < 4; ++d)
      if (op.mask >> d & 1)
        op.destination.stride[d] = 0;
    op.source = view(body.a, body.aStride, body.aType);
    op.accumulate = body.accumulate.evaluate(index) != 0;
    if (anyZero(op.count))
      clear();
  }
  void operator()(const isa::Pool &body) const {
    auto &op = emplace<PoolOperation>();
    op.function = numerics::combinationOf(body.function);
    op.count = at(body.count);
    op.destination = view(body.destination, body.destinationStride, ElementType::F32);
    op.source = view(body.a, body.aStride, body.aType);
    op.window = widen(body.window);
    op.windowStride = widen(body.windowStride);
    if (anyZero(op.count) || anyZero(op.window))
      clear();
  }
  void operator()(const isa::PoolGrad &body) const {
    auto &op = emplace<PoolGradOperation>();
    op.function = numerics::combinationOf(body.function);
    op.count = at(body.count);
    op.x = view(body.x, body.xStride, ElementType::F32);
    op.gradient = view(body.gradient, body.gradientStride, ElementType::F32);
    op.destination = view(body.destination, body.xStride, ElementType::F32);
    op.window = widen(body.window);
    op.windowStride = widen(body.windowStride);
    if (anyZero(op.count) || anyZero(op.window))
      clear();
  }
  void operator()(const isa::External &body) const {
    auto &op = emplace<ExternalOperation>();
    op.body = &body;
    op.work = std::make_shared<const isa::ExternalWork>(isa::workOf(body, isa::Evaluation(index)));
    if (isa::isEmpty(*op.work))
      clear();
  }
};

} // namespace

std::string describeInstruction(const isa::Stream &stream, size_t position) {
  return isa::streamName(stream) + ", instruction " + std::to_string(position) + " (" +
         isa::infoOf(stream.instructions[position].body).mnemonic + ")";
}

void bindBank(Operation &operation, BankShapes &banks) {
  if (auto *load = std::get_if<LoadWeightsOperation>(&operation)) {
    banks[static_cast<size_t>(load->bank)] = {product(load->kCount), load->nCount, load->source.type};
  } else if (auto *multiply = std::get_if<MultiplyOperation>(&operation)) {
    const BankShape &bank = banks[static_cast<size_t>(multiply->bank)];
    const int64_t k = product(multiply->kCount);
    if (k != bank.rows)
      throw ProgramError("multiply streams " + std::to_string(k) + " elements of k, but weight bank " +
                         std::to_string(multiply->bank) + " holds " + std::to_string(bank.rows) + " rows");
    if (multiply->source.type != bank.type)
      throw ProgramError("multiply streams " + std::string(numerics::name(multiply->source.type)) +
                         ", but weight bank " + std::to_string(multiply->bank) + " holds " +
                         std::string(numerics::name(bank.type)));
    multiply->columns = bank.columns;
  }
}

void resolve(const isa::Instruction &instruction, const int64_t *index, const isa::Program &program,
             int64_t weightBanks, Operation &operation) {
  std::visit(Resolver{index, program, weightBanks, operation}, instruction.body);
}

} // namespace arsis::sim
