// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// load and store: a box of a DRAM tensor to or from a strided view of the scratchpad. The result is the dense
// box, of a store only its part inside the tensor, in the type of the side it is going to. Boxes are clipped
// once; what is left is copied in the longest runs the strides allow.
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Nest.h"

#include <algorithm>
#include <cstring>

namespace arsis::sim {
namespace {

template <class Word>
void copyWords(uint8_t *to, int64_t toStride, const uint8_t *from, int64_t fromStride, int64_t n) {
  auto *target = reinterpret_cast<Word *>(to);
  auto *source = reinterpret_cast<const Word *>(from);
  for (int64_t i = 0; i < n; ++i)
    target[i * toStride] = source[i * fromStride];
}

/// One run; equal types keep their bits.
void copyRun(uint8_t *to, ElementType toType, int64_t toStride, const uint8_t *from, ElementType fromType,
             int64_t fromStride, int64_t n) {
  const bool dense = toStride == 1 && fromStride == 1;
  if (toType != fromType) {
    if (dense && fromType == ElementType::F32)
      return numerics::narrow(reinterpret_cast<const float *>(from), toType, to, n);
    if (dense && toType == ElementType::F32)
      return numerics::widen(from, fromType, reinterpret_cast<float *>(to), n);
    for (int64_t i = 0; i < n; ++i)
      numerics::writeElement(to, toType, i * toStride, numerics::readElement(from, fromType, i * fromStride));
    return;
  }
  const int64_t size = numerics::sizeInBytes(toType);
  if (dense)
    std::memcpy(to, from, static_cast<size_t>(n * size));
  else if (size == 4)
    copyWords<uint32_t>(to, toStride, from, fromStride, n);
  else
    copyWords<uint16_t>(to, toStride, from, fromStride, n);
}

void copyBox(uint8_t *to, ElementType toType, const Box4 &toStride, const uint8_t *from, ElementType fromType,
             const Box4 &fromStride, const Box4 &count) {
  const Nest<2, 4> nest(count, {toStride, fromStride});
  const int64_t toSize = numerics::sizeInBytes(toType), fromSize = numerics::sizeInBytes(fromType);
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    copyRun(to + offset[0] * toSize, toType, nest.runStride(0), from + offset[1] * fromSize, fromType,
            nest.runStride(1), nest.runLength());
  });
}

int64_t offsetOf(const Box4 &index, const Box4 &stride) {
  int64_t offset = 0;
  for (size_t d = 0; d < 4; ++d)
    offset += index[d] * stride[d];
  return offset;
}

} // namespace

InRange inRange(const TransferOperation &op) {
  InRange range;
  range.whole = true;
  bool nothing = false;
  for (size_t d = 0; d < 4; ++d) {
    range.first[d] = std::max<int64_t>(0, -op.coordinate[d]);
    const int64_t end = std::min(op.box[d], op.tensor->shape[d] - op.coordinate[d]);
    range.count[d] = std::max<int64_t>(0, end - range.first[d]);
    range.whole &= range.count[d] == op.box[d];
    nothing |= range.count[d] == 0;
  }
  if (nothing)
    range.count = {};
  return range;
}

/// Byte offset in DRAM of the first element in range.
static int64_t dramOffset(const TransferOperation &op, const InRange &range) {
  int64_t element = 0;
  for (size_t d = 0; d < 4; ++d)
    element += (op.coordinate[d] + range.first[d]) * op.tensor->stride[d];
  return static_cast<int64_t>(op.tensor->address) + element * numerics::sizeInBytes(op.tensor->type);
}

static void fillBox(const TransferOperation &op, Result &result) {
  uint8_t pattern[4];
  numerics::writeElement(pattern, op.local.type, 0, op.fill);
  const size_t size = static_cast<size_t>(numerics::sizeInBytes(op.local.type));
  for (size_t at = 0; at < result.bytes.size(); at += size)
    std::memcpy(&result.bytes[at], pattern, size);
}

void sampleTransfer(const TransferOperation &op, const Memories &memories, Result &result) {
  const InRange range = inRange(op);
  const ElementType type = op.store ? op.tensor->type : op.local.type;
  const int64_t size = numerics::sizeInBytes(type);
  result.bytes.resize(static_cast<size_t>(product(op.store ? range.count : op.box) * size));
  if (!op.store && !range.whole)
    fillBox(op, result);
  if (range.count[0] == 0)
    return;
  if (op.store) {
    const uint8_t *local = memories.scratchpad.data() + op.local.address +
                           offsetOf(range.first, op.local.stride) * numerics::sizeInBytes(op.local.type);
    copyBox(result.bytes.data(), type, denseStrides(range.count), local, op.local.type, op.local.stride,
            range.count);
  } else {
    const Box4 boxStride = denseStrides(op.box);
    copyBox(result.bytes.data() + offsetOf(range.first, boxStride) * size, type, boxStride,
            memories.dram + dramOffset(op, range), op.tensor->type, op.tensor->stride, range.count);
  }
}

void commitTransfer(const TransferOperation &op, Memories &memories, const Result &result) {
  if (!op.store) {
    copyBox(memories.scratchpad.data() + op.local.address, op.local.type, op.local.stride,
            result.bytes.data(), op.local.type, denseStrides(op.box), op.box);
    return;
  }
  const InRange range = inRange(op);
  if (range.count[0] == 0)
    return;
  const ElementType type = op.tensor->type;
  copyBox(memories.dram + dramOffset(op, range), type, op.tensor->stride, result.bytes.data(), type,
          denseStrides(range.count), range.count);
}

} // namespace arsis::sim
