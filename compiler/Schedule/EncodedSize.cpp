// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See EncodedSize.h. Numbers are LEB128, zigzag if signed (dialects/Isa/Encoding/Bytes.h).
#include "compiler/Schedule/EncodedSize.h"

#include "dialects/Isa/Encoding/Bytes.h"

namespace arsis::schedule {

namespace {

int64_t number(int64_t value) {
  auto zigzag = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  int64_t bytes = 1;
  for (; zigzag >= 0x80; zigzag >>= 7)
    ++bytes;
  return bytes;
}

int64_t terms(const Affine &value, int64_t scale = 1) {
  int64_t bytes = 0;
  for (int64_t step : value.step)
    if (step != 0)
      bytes += 1 + number(step * scale);
  return bytes;
}

int64_t affine(const Affine &value) { return 1 + number(value.base) + terms(value); }

int64_t extent(const Extent &extent) {
  return 1 + number(extent.tile) + (extent.clamped ? affine(extent.limit) : 0);
}

template <size_t count> int64_t all(const std::array<Extent, count> &box) {
  int64_t bytes = 0;
  for (const Extent &each : box)
    bytes += extent(each);
  return bytes;
}
template <size_t count> int64_t all(const std::array<int64_t, count> &numbers) {
  int64_t bytes = 0;
  for (int64_t each : numbers)
    bytes += number(each);
  return bytes;
}
int64_t all(const std::array<Affine, 4> &coordinates) {
  int64_t bytes = 0;
  for (const Affine &each : coordinates)
    bytes += affine(each);
  return bytes;
}

class Sizer {
public:
  explicit Sizer(const Layout &layout) : layout(layout) {}

  int64_t operator()(const Loop &) const { return 0; }
  int64_t operator()(const Alloc &) const { return 0; }
  int64_t operator()(const Load &load) const {
    return kHead + 2 + all(load.at) + all(load.box) + view(load.to) + 4;
  }
  int64_t operator()(const Store &store) const {
    return kHead + 2 + all(store.at) + all(store.box) + view(store.from);
  }
  int64_t operator()(const LoadWeights &load) const {
    return kHead + affine(load.bank) + view(load.weights) + all(load.k) + extent(load.n) + 1;
  }
  int64_t operator()(const Multiply &multiply) const {
    return kHead + affine(multiply.bank) + view(multiply.rows) + all(multiply.kStrides) + all(multiply.m) +
           all(multiply.k) + view(multiply.accumulator) + affine(multiply.accumulate);
  }
  int64_t operator()(const Drain &drain) const {
    return kHead + view(drain.accumulator) + all(drain.m) + extent(drain.n) + view(drain.to) + 1;
  }
  int64_t operator()(const Map &map) const {
    constexpr int64_t kAbsent = 7; // an operand that is not read
    int64_t bytes = kHead + 1 + all(map.box) + view(map.to) + 4;
    for (size_t i = 0; i < map.inputs.size(); ++i)
      bytes += i < map.inputCount ? view(map.inputs[i]) : kAbsent;
    return bytes;
  }
  int64_t operator()(const Reduce &reduce) const {
    return kHead + 2 + all(reduce.box) + view(reduce.to) + view(reduce.input) + affine(reduce.accumulate);
  }
  int64_t operator()(const Pool &pool) const {
    return kHead + 1 + all(pool.box) + all(pool.window) + all(pool.windowStrides) + view(pool.to) +
           view(pool.input);
  }
  int64_t operator()(const PoolGrad &grad) const {
    return kHead + 1 + all(grad.box) + all(grad.window) + all(grad.windowStrides) + view(grad.to) +
           view(grad.gradient) + (grad.x ? view(*grad.x) : 6);
  }
  int64_t operator()(const External &external) const {
    isa::ByteWriter fields;
    external.body.visitFields([&](const char *, const auto &value) { fields(value); });
    int64_t bytes = kHead + static_cast<int64_t>(fields.bytes.size());
    for (int buffer : external.buffers)
      bytes += kBase - 1 + (layout.buffers[buffer].slots > 1 ? kRing : 0);
    return bytes;
  }

private:
  static constexpr int64_t kRing = 6, kBase = 3; // of an address: slots of a ring, and where it begins
  static constexpr int64_t kHead = 2 + 4 + 1;    // opcode and flags, a wait, a counter
  template <size_t rank> int64_t view(const ViewOf<rank> &view) const {
    const Buffer &buffer = layout.buffers[view.buffer];
    const int64_t scale = buffer.accumulator ? 1 : buffer.elementBytes();
    return 1 + kBase + terms(view.offset, scale) + (buffer.slots > 1 ? kRing : 0) + all(view.strides) + 1;
  }

  const Layout &layout;
};

} // namespace

int64_t encodedSize(const Node &node, const Layout &layout) { return std::visit(Sizer(layout), node); }

} // namespace arsis::schedule
