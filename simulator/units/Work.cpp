// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Work.h. One overload per operation.
#include "simulator/units/Work.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Nest.h"

namespace arsis::sim {
namespace {

/// Results of a reduction.
int64_t keptElements(const ReduceOperation &op) {
  int64_t kept = 1;
  for (size_t d = 0; d < 4; ++d)
    kept *= op.mask >> d & 1 ? 1 : op.count[d];
  return kept;
}

using numerics::sizeInBytes;

/// Reads of a view under a loop nest: trailing dimensions with stride zero hold the element in a register.
int64_t readBytes(const View<Box4> &view, const Box4 &count) {
  int64_t elements = 1;
  bool inner = true;
  for (size_t d = 4; d-- > 0;) {
    inner &= view.stride[d] == 0 || count[d] == 1;
    if (!inner)
      elements *= count[d];
  }
  return elements * sizeInBytes(view.type);
}

struct Counter {
  const chip::MatrixPasses &passes;
  EventCounts &counts;

  void operator()(const std::monostate &) const {}
  void operator()(const TransferOperation &op) const {
    const InRange range = inRange(op);
    const int64_t inside = product(range.count), all = product(op.box);
    const int64_t localSize = sizeInBytes(op.local.type), tensorSize = sizeInBytes(op.tensor->type);
    if (op.store) {
      counts[Event::StorePayloadBytes] += inside * tensorSize;
      counts[Event::ScratchpadReadBytes] += inside * localSize;
    } else {
      counts[Event::LoadPayloadBytes] += inside * tensorSize;
      counts[Event::FillBytes] += (all - inside) * localSize;
      counts[Event::ScratchpadWriteBytes] += all * localSize;
    }
  }
  void operator()(const LoadWeightsOperation &op) const {
    counts[Event::ScratchpadReadBytes] +=
        product(op.kCount) * op.nCount * sizeInBytes(op.source.type) * passes.of(op.source.type);
  }
  void operator()(const MultiplyOperation &op) const {
    const int64_t m = product(op.mCount), k = product(op.kCount), row = op.columns * 4;
    const int64_t times = passes.of(op.source.type);
    counts[productEvent(op.source.type)] += m * k * op.columns;
    counts[Event::ScratchpadReadBytes] += m * k * sizeInBytes(op.source.type) * times;
    counts[Event::AccumulatorWriteBytes] += m * row * times;
    counts[Event::AccumulatorReadBytes] += m * row * (op.accumulate ? times : times - 1);
  }
  void operator()(const DrainOperation &op) const {
    const int64_t elements = product(op.mCount) * op.nCount;
    counts[Event::AccumulatorReadBytes] += elements * 4;
    counts[Event::ScratchpadWriteBytes] += elements * sizeInBytes(op.destination.type);
  }
  void operator()(const MapOperation &op) const {
    const int64_t elements = product(op.count);
    for (unsigned p = 0; p < numerics::operandCount(op.function); ++p)
      counts[Event::ScratchpadReadBytes] += readBytes(op.operands[p], op.count);
    counts[Event::ScratchpadWriteBytes] += elements * sizeInBytes(op.destination.type);
    counts[isTranscendental(op.function) ? Event::TranscendentalOps : Event::VectorOps] += elements;
  }
  void operator()(const ReduceOperation &op) const {
    const int64_t kept = keptElements(op);
    counts[Event::ScratchpadReadBytes] += product(op.count) * sizeInBytes(op.source.type);
    counts[Event::ScratchpadWriteBytes] += kept * 4;
    if (op.accumulate)
      counts[Event::ScratchpadReadBytes] += kept * 4;
    counts[Event::VectorOps] += product(op.count);
  }
  void operator()(const PoolOperation &op) const {
    const int64_t outputs = product(op.count), taps = product(op.window);
    counts[Event::ScratchpadReadBytes] += outputs * taps * sizeInBytes(op.source.type);
    counts[Event::ScratchpadWriteBytes] += outputs * 4;
    counts[Event::VectorOps] += outputs * taps;
  }
  void operator()(const PoolGradOperation &op) const {
    const int64_t outputs = product(op.count), taps = product(op.window);
    const bool max = op.function == numerics::ReduceFunction::Max;
    const int64_t updates = max ? outputs : outputs * taps;
    counts[Event::ScratchpadReadBytes] += (outputs + updates + (max ? outputs * taps : 0)) * 4;
    counts[Event::ScratchpadWriteBytes] += updates * 4;
    counts[Event::VectorOps] += outputs * taps;
  }
  void operator()(const ExternalOperation &op) const {
    for (const isa::ExternalOperand &operand : op.work->operands)
      counts[Event::ScratchpadReadBytes] +=
          readBytes({operand.address, operand.stride, operand.type}, operand.count) * product(operand.window);
    counts[Event::ScratchpadWriteBytes] +=
        isa::elementsOf(op.work->result) * sizeInBytes(op.work->result.type);
    counts[isTranscendental(op.work->costsAs) ? Event::TranscendentalOps : Event::VectorOps] +=
        isa::visitsOf(*op.work) * op.work->times;
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

void countWork(const Operation &operation, const chip::MatrixPasses &passes, EventCounts &counts) {
  std::visit(Counter{passes, counts}, operation);
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
