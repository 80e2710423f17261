// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each resolved operation becomes a list of numbers in which equal meaning is equal text.
#include "tests/e2e/mutation/Meaning.h"

#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Verifier/Footprint.h"
#include "simulator/isa/Operation.h"

#include <algorithm>

namespace arsis::mutation {
namespace {

using Numbers = std::vector<int64_t>;

/// Writes the canonical form of an operation.
class Canonical {
public:
  /// Without extents: sizes of elementwise boxes are left out and all strides stand as they are.
  Canonical(Numbers &out, const isa::Program &program, bool extents = true)
      : out(out), program(program), extents(extents) {}

  void operator()(std::monostate) { put(0); }
  void operator()(sim::TransferOperation op) {
    put(1, op.store, op.tensor - program.tensors.data(), int64_t(op.local.type));
    if (op.store && extents)
      for (size_t d = 0; d < 4; ++d) {
        int64_t low = std::max<int64_t>(0, -op.coordinate[d]);
        int64_t high = std::max(low, std::min(op.box[d], op.tensor->shape[d] - op.coordinate[d]));
        op.coordinate[d] += low;
        op.box[d] = high - low;
        op.local.address += low * op.local.stride[d] * int64_t(numerics::sizeInBytes(op.local.type));
      }
    for (int64_t value : op.coordinate)
      put(value);
    view(op.local, op.box);
  }
  void operator()(const sim::LoadWeightsOperation &op) {
    put(2, op.bank, extents ? op.nCount : 0, extents && op.nCount == 1 ? 0 : op.nStride);
    exactly(op.source, op.kCount);
  }
  void operator()(const sim::MultiplyOperation &op) {
    put(3, op.bank, op.accumulate, op.accumulatorRow);
    exactly(op.source, op.mCount);
    exactStrides(op.accumulatorStride, op.mCount);
    exactStrides(op.kStride, op.kCount);
  }
  void operator()(const sim::DrainOperation &op) {
    put(4, op.accumulatorRow, extents ? op.nCount : 0, extents && op.nCount == 1 ? 0 : op.columnStride);
    strides(op.accumulatorStride, op.mCount);
    view(op.destination, op.mCount);
  }
  void operator()(const sim::MapOperation &op) {
    put(5, int64_t(op.function));
    view(op.destination, op.count);
    for (unsigned i = 0; i < numerics::operandCount(op.function); ++i)
      view(op.operands[i], op.count);
  }
  void operator()(const sim::ReduceOperation &op) {
    put(6, int64_t(op.function), op.mask, op.accumulate);
    exactly(op.destination, op.count);
    exactly(op.source, op.count);
  }
  void operator()(const sim::PoolOperation &op) {
    put(7, int64_t(op.function));
    exactly(op.destination, op.count);
    exactly(op.source, op.count);
    exactStrides(op.windowStride, op.window);
  }
  void operator()(const sim::PoolGradOperation &op) {
    put(8, int64_t(op.function));
    if (op.function == numerics::ReduceFunction::Max)
      exactly(op.x, op.count);
    exactly(op.gradient, op.count);
    exactly(op.destination, op.count);
    exactStrides(op.windowStride, op.window);
  }
  void operator()(const sim::ExternalOperation &op) {
    put(9, int64_t(op.body->type->info.opcode));
    auto operand = [&](const isa::ExternalOperand &operand) {
      exactly(sim::View<sim::Box4>{operand.address, operand.stride, operand.type}, operand.count);
      exactStrides(operand.windowStride, operand.window);
    };
    operand(op.work->result);
    for (const isa::ExternalOperand &each : op.work->operands)
      operand(each);
  }

private:
  template <class... Values> void put(Values... values) { (out.push_back(int64_t(values)), ...); }
  template <size_t N>
  void exactStrides(const std::array<int64_t, N> &stride, const std::array<int64_t, N> &count) {
    for (size_t d = 0; d < N; ++d)
      put(count[d], count[d] == 1 ? 0 : stride[d]);
  }
  template <size_t N>
  void strides(const std::array<int64_t, N> &stride, const std::array<int64_t, N> &count) {
    if (extents)
      return exactStrides(stride, count);
    for (size_t d = 0; d < N; ++d)
      put(stride[d]);
  }
  template <class Box> void exactly(const sim::View<Box> &view, const Box &count) {
    put(view.address, int64_t(view.type));
    exactStrides(view.stride, count);
  }
  template <class Box> void view(const sim::View<Box> &view, const Box &count) {
    put(view.address, int64_t(view.type));
    strides(view.stride, count);
  }

  Numbers &out;
  const isa::Program &program;
  const bool extents;
};

/// Elements that an operation whose extents may differ writes on chip; 0 for the others.
int64_t elementsWritten(const sim::Operation &operation) {
  auto product = [](const auto &count) {
    int64_t result = 1;
    for (int64_t value : count)
      result *= value;
    return result;
  };
  if (auto *transfer = std::get_if<sim::TransferOperation>(&operation))
    return transfer->store ? 0 : product(transfer->box);
  if (auto *drain = std::get_if<sim::DrainOperation>(&operation))
    return product(drain->mCount) * drain->nCount;
  if (auto *map = std::get_if<sim::MapOperation>(&operation))
    return product(map->count);
  return 0;
}

/// Bytes on chip that hold something else than in the original run.
class Taint {
public:
  Taint(const isa::FootprintBuilder &builder, unsigned memories) {
    for (unsigned m = 0; m < memories; ++m)
      bytes.emplace_back(size_t(builder.memoryBytes(m)), false);
  }
  void mark(const isa::Access &access, bool value) {
    access.box.forEachRun([&](isa::ByteRange run) {
      std::fill(bytes[access.memory].begin() + run.begin, bytes[access.memory].begin() + run.end, value);
      return true;
    });
  }
  bool any(const isa::Access &access) const { return !none(access, true); }
  bool all(const isa::Access &access) const { return none(access, false); }

private:
  bool none(const isa::Access &access, bool value) const {
    return access.box.forEachRun([&](isa::ByteRange run) {
      auto begin = bytes[access.memory].begin();
      return std::find(begin + run.begin, begin + run.end, value) == begin + run.end;
    });
  }

  std::vector<std::vector<bool>> bytes;
};

/// Steps both programs together, in an order that the counters allow.
class DeadWork {
public:
  DeadWork(const isa::Program &original, const isa::Program &changed, const chip::Chip &chip)
      : a(original), b(changed), limits(chip), left(a, limits), right(b, limits), dram(isa::dramOf(limits)),
        taint(left, dram), counters(a.counterStream.size()), weightBanks(limits.weightBanks) {}

  bool holds() {
    std::vector<isa::InstructionCursor> ca(a.streams.begin(), a.streams.end()),
        cb(b.streams.begin(), b.streams.end());
    for (bool advanced = true; advanced;) {
      advanced = false;
      for (size_t s = 0; s < ca.size(); ++s)
        for (; !ca[s].done() && ready(ca[s]); ca[s].advance(), cb[s].advance(), advanced = true)
          if (cb[s].done() || !step(unsigned(s), ca[s], cb[s]))
            return false;
    }
    return std::all_of(cb.begin(), cb.end(),
                       [](const isa::InstructionCursor &cursor) { return cursor.done(); });
  }

private:
  bool ready(const isa::InstructionCursor &cursor) const {
    const isa::Instruction &instruction = cursor.instruction();
    for (unsigned w = 0; w < instruction.waitCount; ++w)
      if (instruction.waits[w].value.evaluate(cursor.index()) > counters[instruction.waits[w].counter])
        return false;
    return true;
  }

  bool step(unsigned stream, const isa::InstructionCursor &x, const isa::InstructionCursor &y) {
    Numbers before, after;
    sim::Operation operation;
    sim::resolve(x.instruction(), x.index(), a, weightBanks, operation);
    std::visit(Canonical(before, a, false), operation);
    sim::resolve(y.instruction(), y.index(), b, weightBanks, operation);
    std::visit(Canonical(after, b, false), operation);
    isa::Footprint was, is;
    std::vector<isa::Complaint> complaints;
    left.build(x.instruction(), stream, x.index(), was, complaints);
    right.build(y.instruction(), stream, y.index(), is, complaints);
    if (before != after || was.size() != is.size() || !complaints.empty())
      return false;
    for (const isa::Access &access : was)
      if (access.memory != dram && access.reads && taint.any(access))
        return false;
    for (size_t i = 0; i < was.size(); ++i) {
      if (!was[i].writes)
        continue;
      if (was[i].memory == dram) {
        if (was[i].box.hull().begin != is[i].box.hull().begin ||
            was[i].box.hull().end != is[i].box.hull().end)
          return false;
        continue;
      }
      // Elements that fall on each other would make the larger box overwrite what the original wrote.
      if (int64_t elements = elementsWritten(operation);
          elements * 4 > is[i].box.runs() * is[i].box.runBytes())
        return false;
      taint.mark(was[i], false);
      taint.mark(is[i], true);
      if (!taint.all(was[i])) // the original wrote bytes that the changed program does not
        return false;
      taint.mark(was[i], false);
    }
    if (x.instruction().increment)
      ++counters[*x.instruction().increment];
    return true;
  }

  const isa::Program &a, &b;
  const isa::MachineLimits limits;
  isa::FootprintBuilder left, right;
  const unsigned dram;
  Taint taint;
  std::vector<int64_t> counters;
  const int64_t weightBanks;
};

} // namespace

bool sameMeaning(const isa::Program &a, const isa::Program &b, int64_t weightBanks) {
  for (size_t s = 0; s < a.streams.size(); ++s) {
    isa::InstructionCursor left(a.streams[s]), right(b.streams[s]);
    Numbers leftForm, rightForm;
    sim::Operation operation;
    for (; !left.done() && !right.done(); left.advance(), right.advance()) {
      leftForm.clear();
      rightForm.clear();
      sim::resolve(left.instruction(), left.index(), a, weightBanks, operation);
      std::visit(Canonical(leftForm, a), operation);
      sim::resolve(right.instruction(), right.index(), b, weightBanks, operation);
      std::visit(Canonical(rightForm, b), operation);
      if (leftForm != rightForm)
        return false;
    }
    if (!left.done() || !right.done())
      return false;
  }
  return true;
}

bool onlyDeadWorkAdded(const isa::Program &original, const isa::Program &changed, const chip::Chip &chip) {
  return DeadWork(original, changed, chip).holds();
}

} // namespace arsis::mutation
