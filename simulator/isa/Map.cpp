// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// map: one function over up to three operands. Runs with unit or zero strides go to the kernels in place;
// others are gathered into runs first. one_hot needs the index along dimension 3 and walks element by
// element.
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Gather.h"
#include "simulator/isa/Scatter.h"

namespace arsis::sim {
namespace {

void sampleOneHot(const MapOperation &op, const Memories &memories, Result &result) {
  const View<Box4> &label = op.operands[0];
  const uint8_t *from = memories.scratchpad.data() + label.address;
  float *to = result.values.data();
  for (int64_t i = 0; i < op.count[0]; ++i)
    for (int64_t j = 0; j < op.count[1]; ++j)
      for (int64_t k = 0; k < op.count[2]; ++k)
        for (int64_t c = 0; c < op.count[3]; ++c) {
          const int64_t offset =
              i * label.stride[0] + j * label.stride[1] + k * label.stride[2] + c * label.stride[3];
          *to++ = numerics::applyMap(op.function, numerics::readElement(from, label.type, offset),
                                     static_cast<float>(c), 0.0f, op.immediate);
        }
}

} // namespace

void sampleMap(const MapOperation &op, const Memories &memories, Result &result) {
  result.values.resize(static_cast<size_t>(product(op.count)));
  if (op.function == numerics::VectorFunction::OneHot)
    return sampleOneHot(op, memories, result);
  const unsigned operands = numerics::operandCount(op.function);
  std::array<Box4, 4> stride = {denseStrides(op.count), {}, {}, {}};
  for (unsigned p = 0; p < operands; ++p)
    stride[p + 1] = op.operands[p].stride;
  if (operands < 3)
    for (unsigned p = operands; p < 3; ++p)
      stride[p + 1] = stride[0]; // unread; must not keep loops from collapsing
  const Nest<4, 4> nest(op.count, stride);
  const int64_t n = nest.runLength();
  result.scratch.resize(static_cast<size_t>(3 * n));
  nest.forEachRun([&](const std::array<int64_t, 4> &offset) {
    numerics::RunOperand run[3];
    for (unsigned p = 0; p < operands; ++p) {
      const View<Box4> &view = op.operands[p];
      const uint8_t *at =
          memories.scratchpad.data() + view.address + offset[p + 1] * numerics::sizeInBytes(view.type);
      const int64_t step = nest.runStride(p + 1);
      float *wide = result.scratch.data() + static_cast<int64_t>(p) * n;
      if (view.type == ElementType::F32 && (step == 0 || step == 1)) {
        run[p] = {reinterpret_cast<const float *>(at), step};
      } else {
        gatherRun(at, view.type, step, n, wide);
        run[p] = {wide, 1};
      }
    }
    numerics::mapRun(op.function, result.values.data() + offset[0], run[0], run[1], run[2], op.immediate, n);
  });
}

void commitMap(const MapOperation &op, Memories &memories, const Result &result) {
  scatter<4>(result.values.data(), op.count, op.destination, memories);
}

} // namespace arsis::sim
