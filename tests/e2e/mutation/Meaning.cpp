// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each resolved operation becomes a list of numbers in which equal meaning is equal text.
#include "tests/e2e/mutation/Meaning.h"

#include "dialects/Isa/Encoding/Cursor.h"
#include "simulator/isa/Operation.h"

#include <algorithm>

namespace arsis::mutation {
namespace {

using Numbers = std::vector<int64_t>;

/// Writes the canonical form of an operation.
class Canonical {
public:
  Canonical(Numbers &out, const isa::Program &program) : out(out), program(program) {}

  void operator()(std::monostate) { put(0); }
  void operator()(sim::TransferOperation op) {
    put(1, op.store, op.tensor - program.tensors.data(), int64_t(op.local.type));
    if (op.store)
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
    put(2, op.bank, op.nCount, op.nCount == 1 ? 0 : op.nStride);
    view(op.source, op.kCount);
  }
  void operator()(const sim::MultiplyOperation &op) {
    put(3, op.bank, op.accumulate, op.accumulatorRow);
    view(op.source, op.mCount);
    strides(op.accumulatorStride, op.mCount);
    strides(op.kStride, op.kCount);
  }
  void operator()(const sim::DrainOperation &op) {
    put(4, op.accumulatorRow, op.nCount, op.nCount == 1 ? 0 : op.columnStride);
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
    view(op.destination, op.count);
    view(op.source, op.count);
  }
  void operator()(const sim::PoolOperation &op) {
    put(7, int64_t(op.function));
    view(op.destination, op.count);
    view(op.source, op.count);
    strides(op.windowStride, op.window);
  }
  void operator()(const sim::PoolGradOperation &op) {
    put(8, int64_t(op.function));
    if (op.function == numerics::ReduceFunction::Max)
      view(op.x, op.count);
    view(op.gradient, op.count);
    view(op.destination, op.count);
    strides(op.windowStride, op.window);
  }

private:
  template <class... Values> void put(Values... values) { (out.push_back(int64_t(values)), ...); }
  template <size_t N> void strides(const std::array<int64_t, N> &stride, const std::array<int64_t, N> &count) {
    for (size_t d = 0; d < N; ++d)
      put(count[d], count[d] == 1 ? 0 : stride[d]);
  }
  template <class Box> void view(const sim::View<Box> &view, const Box &count) {
    put(view.address, int64_t(view.type));
    strides(view.stride, count);
  }

  Numbers &out;
  const isa::Program &program;
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

} // namespace arsis::mutation
