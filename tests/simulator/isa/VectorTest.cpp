// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// map, reduce, pool and pool_grad against their sentences in the manual, one element at a time, on random
// views.
#include "tests/ReductionOracle.h"
#include "tests/simulator/isa/Reference.h"

namespace arsis::sim::test {
namespace {

using numerics::ReduceFunction;
using numerics::VectorFunction;

/// Runs an operation and returns the scratchpad after it.
template <class Op> std::vector<uint8_t> execute(Fixture &f, const Op &op) {
  Memories memories;
  memories.scratchpad = f.memories.scratchpad;
  Result result;
  Operation operation = op;
  checkBounds(operation, {static_cast<int64_t>(Fixture::kBytes), 0, 0, 0});
  sample(operation, memories, 0, result);
  EXPECT_EQ(memories.scratchpad, f.memories.scratchpad) << "sampling wrote memory";
  commit(operation, memories, 0, result);
  return memories.scratchpad;
}

TEST(Map, EveryFunctionMatchesItsScalarMeaning) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    Fixture f(seed);
    MapOperation op;
    op.function = static_cast<VectorFunction>(seed % numerics::kVectorFunctionCount);
    op.count = f.counts<4>(6);
    op.immediate = f.element();
    op.destination = f.view(op.count, f.type());
    for (View<Box4> &operand : op.operands) {
      operand = f.view(op.count, op.function == VectorFunction::OneHot ? ElementType::I32 : f.type());
      for (int64_t &stride : operand.stride)
        if (f.chance(0.2))
          stride = 0;
    }
    if (op.function == VectorFunction::OneHot)
      for (size_t i = 0; i < Fixture::kBytes; i += 4) {
        const int32_t label = static_cast<int32_t>(f.number(0, 6));
        std::memcpy(&f.memories.scratchpad[i], &label, 4);
      }
    std::vector<uint8_t> expected = f.memories.scratchpad;
    std::vector<float> values;
    forEach(op.count, [&](const Box4 &i) {
      const auto &spm = f.memories.scratchpad;
      const float b =
          op.function == VectorFunction::OneHot ? static_cast<float>(i[3]) : at(spm, op.operands[1], i);
      values.push_back(numerics::applyMap(op.function, at(spm, op.operands[0], i), b,
                                          at(spm, op.operands[2], i), op.immediate));
    });
    size_t next = 0;
    forEach(op.count, [&](const Box4 &i) { put(expected, op.destination, i, values[next++]); });
    EXPECT_EQ(execute(f, op), expected) << "seed " << seed;
  }
}

TEST(Map, DestinationMayBeAnOperand) {
  Fixture f(7);
  MapOperation op;
  op.function = VectorFunction::Add;
  op.count = {2, 3, 4, 5};
  op.destination = op.operands[0] = op.operands[1] = f.view(op.count, ElementType::F32);
  std::vector<uint8_t> expected = f.memories.scratchpad;
  forEach(op.count, [&](const Box4 &i) {
    put(expected, op.destination, i, 2 * at(f.memories.scratchpad, op.destination, i));
  });
  EXPECT_EQ(execute(f, op), expected);
}

/// Both zeros, NaNs, infinities, denormals and ties, here and there.
void sprinkle(Fixture &f) {
  const uint32_t special[] = {0x80000000u, 0, 0x7fc00000u, 0xff812345u, 0x7f800000u,
                              0xff800000u, 1, 0x80000001u, 0x807fffffu, 0x3f800000u};
  for (size_t i = 0; i < Fixture::kBytes; i += 4)
    if (f.chance(0.1))
      std::memcpy(&f.memories.scratchpad[i], &special[f.number(0, 9)], 4);
}

TEST(Reduce, FollowsTheOrderOfTheManual) {
  for (uint32_t seed = 0; seed < 2 * kSeeds; ++seed) {
    Fixture f(seed);
    if (seed % 2)
      sprinkle(f);
    ReduceOperation op;
    op.function = f.chance() ? ReduceFunction::Sum : ReduceFunction::Max;
    op.count = f.counts<4>(7);
    op.count[static_cast<size_t>(f.number(0, 3))] = f.number(1, 40);
    op.mask = static_cast<uint8_t>(seed % 16);
    op.accumulate = f.chance();
    op.source = f.view(op.count, f.type());
    Box4 kept = op.count, reduced{1, 1, 1, 1};
    for (size_t d = 0; d < 4; ++d)
      if (op.mask >> d & 1)
        std::swap(kept[d], reduced[d]);
    op.destination = f.view(kept, ElementType::F32);
    for (size_t d = 0; d < 4; ++d)
      if (op.mask >> d & 1)
        op.destination.stride[d] = 0;

    std::vector<uint8_t> expected = f.memories.scratchpad;
    forEach(kept, [&](const Box4 &out) {
      std::vector<float> elements;
      forEach(reduced, [&](const Box4 &in) {
        const Box4 i = {out[0] + in[0], out[1] + in[1], out[2] + in[2], out[3] + in[3]};
        elements.push_back(at(f.memories.scratchpad, op.source, i));
      });
      float value = testing::reduced(op.function == ReduceFunction::Max, elements);
      if (op.accumulate)
        value = numerics::combine(op.function, at(f.memories.scratchpad, op.destination, out), value);
      put(expected, op.destination, out, value);
    });
    EXPECT_EQ(execute(f, op), expected) << "seed " << seed;
  }
}

struct Window {
  Box4 count;
  std::array<int64_t, 2> window, windowStride;
  View<Box4> input; // strides per output index
};

Window randomWindow(Fixture &f) {
  Window w;
  w.count = f.counts<4>(4);
  w.window = {f.number(1, 3), f.number(1, 3)};
  const int64_t step = f.number(1, 3);
  const Box4 input = {w.count[0], (w.count[1] - 1) * step + w.window[0],
                      (w.count[2] - 1) * step + w.window[1], w.count[3]};
  w.input = f.view(input, ElementType::F32);
  w.windowStride = {w.input.stride[1], w.input.stride[2]};
  w.input.stride[1] *= step;
  w.input.stride[2] *= step;
  return w;
}

TEST(Pool, CombinesWindowsRowMajor) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    Fixture f(seed);
    const Window w = randomWindow(f);
    PoolOperation op;
    op.function = f.chance() ? ReduceFunction::Sum : ReduceFunction::Max;
    op.count = w.count;
    op.source = w.input;
    op.window = w.window;
    op.windowStride = w.windowStride;
    op.destination = f.view(op.count, ElementType::F32);
    std::vector<uint8_t> expected = f.memories.scratchpad;
    forEach(op.count, [&](const Box4 &i) {
      float value = numerics::identityOf(op.function);
      for (int64_t y = 0; y < op.window[0]; ++y)
        for (int64_t x = 0; x < op.window[1]; ++x) {
          View<Box4> tap = op.source;
          tap.address += 4 * (y * op.windowStride[0] + x * op.windowStride[1]);
          value = numerics::combine(op.function, value, at(f.memories.scratchpad, tap, i));
        }
      put(expected, op.destination, i, value);
    });
    EXPECT_EQ(execute(f, op), expected) << "seed " << seed;
  }
}

TEST(PoolGrad, SendsTheGradientToTheFirstBestOrToAll) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    Fixture f(seed);
    for (size_t i = 0; i < Fixture::kBytes / 4; ++i) { // few values, so that ties are common
      const float value = static_cast<float>(f.number(-2, 2));
      std::memcpy(&f.memories.scratchpad[4 * i], &value, 4);
    }
    const Window w = randomWindow(f);
    PoolGradOperation op;
    op.function = f.chance() ? ReduceFunction::Sum : ReduceFunction::Max;
    op.count = w.count;
    op.x = op.destination = w.input;
    op.destination.address = f.number(0, 8000) * 4;
    op.window = w.window;
    op.windowStride = w.windowStride;
    op.gradient = f.view(op.count, ElementType::F32);
    std::vector<uint8_t> expected = f.memories.scratchpad;
    auto tapOf = [&](View<Box4> view, int64_t y, int64_t x) {
      view.address += 4 * (y * op.windowStride[0] + x * op.windowStride[1]);
      return view;
    };
    auto addTo = [&](const Box4 &i, int64_t y, int64_t x) {
      const View<Box4> target = tapOf(op.destination, y, x);
      put(expected, target, i,
          numerics::add(at(expected, target, i), at(f.memories.scratchpad, op.gradient, i)));
    };
    forEach(op.count, [&](const Box4 &i) {
      int64_t bestY = 0, bestX = 0;
      float best = numerics::kMinusInfinity;
      for (int64_t y = 0; y < op.window[0]; ++y)
        for (int64_t x = 0; x < op.window[1]; ++x) {
          if (op.function == ReduceFunction::Sum)
            addTo(i, y, x);
          const float v = at(f.memories.scratchpad, tapOf(op.x, y, x), i);
          if (numerics::better(v, best)) {
            best = v;
            bestY = y;
            bestX = x;
          }
        }
      if (op.function == ReduceFunction::Max)
        addTo(i, bestY, bestX);
    });
    EXPECT_EQ(execute(f, op), expected) << "seed " << seed;
  }
}

} // namespace
} // namespace arsis::sim::test
