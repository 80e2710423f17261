// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the opcode tests share: a scratchpad of random values, and element access through a view, one index at
// a time.
#pragma once

#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Nest.h"

#include <gtest/gtest.h>

#include <random>

namespace arsis::sim::test {

struct Fixture {
  explicit Fixture(uint32_t seed) : random(seed) {
    memories.scratchpad.resize(kBytes);
    uint32_t state = seed;
    for (size_t i = 0; i < kBytes / 4; ++i) {
      state = state * 1664525u + 1013904223u;
      const float value = static_cast<float>(static_cast<int32_t>(state >> 16) % 8000 - 4000) / 1024.0f;
      std::memcpy(&memories.scratchpad[4 * i], &value, 4);
    }
  }
  static constexpr size_t kBytes = 1 << 18;

  int64_t number(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  }
  float element() { return static_cast<float>(number(-4000, 4000)) / 1024.0f; }
  bool chance(double p = 0.5) { return std::bernoulli_distribution(p)(random); }
  template <size_t n> std::array<int64_t, n> counts(int64_t most) {
    std::array<int64_t, n> values;
    for (int64_t &value : values)
      value = chance(0.3) ? 1 : number(1, most);
    return values;
  }
  ElementType type() {
    const ElementType halves[] = {ElementType::BF16, ElementType::F16};
    return chance(0.4) ? halves[number(0, 1)] : ElementType::F32;
  }

  /// A view whose elements do not overlap: dense over counts padded at random, in a random place.
  template <size_t n>
  View<std::array<int64_t, n>> view(const std::array<int64_t, n> &count, ElementType type) {
    View<std::array<int64_t, n>> view;
    view.type = type;
    int64_t stride = chance(0.7) ? 1 : 3;
    for (size_t d = n; d-- > 0;) {
      view.stride[d] = stride;
      stride *= count[d] + (chance(0.3) ? number(0, 2) : 0);
    }
    int64_t bytes = stride * numerics::sizeInBytes(type);
    if (bytes > static_cast<int64_t>(kBytes)) {
      view.stride = denseStrides(count);
      bytes = product(count) * numerics::sizeInBytes(type);
    }
    view.address = number(0, (static_cast<int64_t>(kBytes) - bytes) / 4) * 4;
    return view;
  }

  Memories memories;
  std::mt19937 random;
};

template <class Box> int64_t offsetAt(const Box &index, const Box &stride) {
  int64_t offset = 0;
  for (size_t d = 0; d < index.size(); ++d)
    offset += index[d] * stride[d];
  return offset;
}
template <class Box> float at(const std::vector<uint8_t> &bytes, const View<Box> &view, const Box &index) {
  return numerics::readElement(bytes.data() + view.address, view.type, offsetAt(index, view.stride));
}
template <class Box>
void put(std::vector<uint8_t> &bytes, const View<Box> &view, const Box &index, float value) {
  numerics::writeElement(bytes.data() + view.address, view.type, offsetAt(index, view.stride), value);
}

/// Every index of a box, row-major.
template <class Box, class Body> void forEach(const Box &count, Body body) {
  Box index{};
  for (int64_t total = product(count), i = 0; i < total; ++i) {
    body(index);
    for (size_t d = count.size(); d-- > 0;) {
      if (++index[d] < count[d])
        break;
      index[d] = 0;
    }
  }
}

constexpr uint32_t kSeeds = 200;

} // namespace arsis::sim::test
