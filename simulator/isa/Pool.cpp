// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool and pool_grad. Windows are walked row-major for a whole run of channels at a time, which keeps the
// order of every single element. The gradient of a maximum goes to the first best position of its window.
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"
#include "simulator/isa/Gather.h"
#include "simulator/isa/Scatter.h"

namespace arsis::sim {
namespace {

using numerics::ReduceFunction;

int64_t dot(int64_t i, int64_t j, int64_t k, const Box4 &stride) {
  return i * stride[0] + j * stride[1] + k * stride[2];
}

/// Calls body(i, j, k) for every output pixel in row-major order.
template <class Body> void forEachPixel(const Box4 &count, Body body) {
  for (int64_t i = 0; i < count[0]; ++i)
    for (int64_t j = 0; j < count[1]; ++j)
      for (int64_t k = 0; k < count[2]; ++k)
        body(i, j, k);
}

template <class Body>
void forEachTap(const std::array<int64_t, 2> &window, const std::array<int64_t, 2> &stride, Body body) {
  for (int64_t y = 0; y < window[0]; ++y)
    for (int64_t x = 0; x < window[1]; ++x)
      body(y * stride[0] + x * stride[1]);
}

} // namespace

void samplePool(const PoolOperation &op, const Memories &memories, Result &result) {
  const int64_t channels = op.count[3], step = op.source.stride[3],
                size = numerics::sizeInBytes(op.source.type);
  result.values.assign(static_cast<size_t>(product(op.count)), numerics::identityOf(op.function));
  const uint8_t *from = memories.scratchpad.data() + op.source.address;
  float *best = result.values.data();
  result.scratch.resize(static_cast<size_t>(channels));
  forEachPixel(op.count, [&](int64_t i, int64_t j, int64_t k) {
    const int64_t corner = dot(i, j, k, op.source.stride);
    forEachTap(op.window, op.windowStride, [&](int64_t tap) {
      const uint8_t *source = from + (corner + tap) * size;
      auto *x = reinterpret_cast<const float *>(source);
      if (op.source.type != ElementType::F32 || step != 1) {
        gatherRun(source, op.source.type, step, channels, result.scratch.data());
        x = result.scratch.data();
      }
      if (op.function == ReduceFunction::Sum)
        return numerics::addInto(best, x, channels);
      for (int64_t c = 0; c < channels; ++c)
        best[c] = numerics::maximum(best[c], x[c]);
    });
    best += channels;
  });
}

void commitPool(const PoolOperation &op, Memories &memories, const Result &result) {
  scatter<4>(result.values.data(), op.count, op.destination, memories);
}

void samplePoolGrad(const PoolGradOperation &op, const Memories &memories, Result &result) {
  const int64_t channels = op.count[3];
  const size_t size = static_cast<size_t>(product(op.count));
  result.values.resize(size);
  const auto *gradient = reinterpret_cast<const float *>(memories.scratchpad.data() + op.gradient.address);
  float *value = result.values.data();
  forEachPixel(op.count, [&](int64_t i, int64_t j, int64_t k) {
    const float *source = gradient + dot(i, j, k, op.gradient.stride);
    for (int64_t c = 0; c < channels; ++c)
      *value++ = source[c * op.gradient.stride[3]];
  });
  if (op.function == ReduceFunction::Sum)
    return;

  const auto *x = reinterpret_cast<const float *>(memories.scratchpad.data() + op.x.address);
  result.positions.resize(size);
  result.scratch.resize(static_cast<size_t>(channels));
  float *best = result.scratch.data();
  int64_t *position = result.positions.data();
  forEachPixel(op.count, [&](int64_t i, int64_t j, int64_t k) {
    const int64_t corner = dot(i, j, k, op.x.stride);
    for (int64_t c = 0; c < channels; ++c) {
      best[c] = numerics::kMinusInfinity;
      position[c] = corner + c * op.x.stride[3];
    }
    forEachTap(op.window, op.windowStride, [&](int64_t tap) {
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t at = corner + tap + c * op.x.stride[3];
        const bool wins = numerics::better(x[at], best[c]);
        best[c] = wins ? x[at] : best[c];
        position[c] = wins ? at : position[c];
      }
    });
    position += channels;
  });
}

void commitPoolGrad(const PoolGradOperation &op, Memories &memories, const Result &result) {
  auto *destination = reinterpret_cast<float *>(memories.scratchpad.data() + op.destination.address);
  if (op.function == ReduceFunction::Max) {
    for (size_t i = 0; i < result.values.size(); ++i) {
      float &at = destination[result.positions[i]];
      at = numerics::add(at, result.values[i]);
    }
    return;
  }
  const int64_t channels = op.count[3], step = op.destination.stride[3];
  const float *value = result.values.data();
  forEachPixel(op.count, [&](int64_t i, int64_t j, int64_t k) {
    float *corner = destination + dot(i, j, k, op.destination.stride);
    forEachTap(op.window, op.windowStride, [&](int64_t tap) {
      if (step == 1)
        return numerics::addInto(corner + tap, value, channels);
      for (int64_t c = 0; c < channels; ++c)
        corner[tap + c * step] = numerics::add(corner[tap + c * step], value[c]);
    });
    value += channels;
  });
}

} // namespace arsis::sim
