// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions that a library brought: operands are gathered dense, the library computes, the result is
// scattered. The library sees no memory.
#include "simulator/isa/Families.h"
#include "simulator/isa/Scatter.h"

namespace arsis::sim {
namespace {

using Box6 = std::array<int64_t, 6>;

Box6 joined(const std::array<int64_t, 4> &outer, const std::array<int64_t, 2> &inner) {
  return {outer[0], outer[1], outer[2], outer[3], inner[0], inner[1]};
}

void gather(const isa::ExternalOperand &operand, const Memories &memories, float *to) {
  const Box6 count = joined(operand.count, operand.window);
  const Nest<2, 6> nest(count, {denseStrides(count), joined(operand.stride, operand.windowStride)});
  const int64_t size = numerics::sizeInBytes(operand.type), step = nest.runStride(1);
  const uint8_t *base = memories.scratchpad.data() + operand.address;
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    for (int64_t i = 0; i < nest.runLength(); ++i)
      to[offset[0] + i * nest.runStride(0)] =
          numerics::readElement(base + offset[1] * size, operand.type, i * step);
  });
}

} // namespace

void sampleExternal(const ExternalOperation &op, const Memories &memories, Result &result) {
  size_t elements = 0;
  for (const isa::ExternalOperand &operand : op.work->operands)
    elements += static_cast<size_t>(isa::visitsOf(operand));
  result.scratch.resize(elements);
  result.values.resize(static_cast<size_t>(isa::elementsOf(op.work->result)));
  std::array<const float *, isa::ExternalWork::kMostOperands> operands{};
  float *next = result.scratch.data();
  for (size_t i = 0; i < op.work->operands.size(); ++i) {
    gather(op.work->operands[i], memories, next);
    operands[i] = next;
    next += isa::visitsOf(op.work->operands[i]);
  }
  op.body->type->compute(*op.body, *op.work, operands.data(), result.values.data());
}

void commitExternal(const ExternalOperation &op, Memories &memories, const Result &result) {
  const isa::ExternalOperand &to = op.work->result;
  scatter<4>(result.values.data(), to.count, {to.address, to.stride, to.type}, memories);
}

} // namespace arsis::sim
