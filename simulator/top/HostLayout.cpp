// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See HostLayout.h. Host dimension i of rank r is chip dimension 4 - r + permutation[i].
#include "simulator/top/HostLayout.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Nest.h"
#include "simulator/isa/Operation.h"
#include "simulator/top/Session.h"

#include <cstring>

namespace arsis::sim {

std::vector<int64_t> hostShapeOf(const isa::Tensor &tensor) {
  if (!tensor.hostShape.empty())
    return tensor.hostShape;
  if (product(tensor.shape) == 1)
    return {}; // a scalar
  return {tensor.shape.begin(), tensor.shape.end()};
}

int64_t hostBytes(const isa::Tensor &tensor) { return product(tensor.shape) * 4; }

void checkHostBytes(const isa::Tensor &tensor, size_t bytes) {
  if (static_cast<int64_t>(bytes) != hostBytes(tensor))
    throw InputError("tensor " + tensor.name + " has " + std::to_string(bytes) + " bytes, expected " +
                     std::to_string(hostBytes(tensor)) + " (4 for each of " +
                     std::to_string(product(tensor.shape)) + " elements)");
}

namespace {

/// The host's row-major walk: sizes, and the strides of the tensor along it.
struct Walk {
  Box4 count{1, 1, 1, 1}, stride{0, 0, 0, 0};
};

Walk walkOf(const isa::Tensor &tensor) {
  const std::vector<int64_t> shape = hostShapeOf(tensor);
  const size_t rank = shape.size();
  Walk walk;
  for (size_t i = 0; i < rank; ++i) {
    const size_t chipDim =
        4 - rank + (tensor.hostPermutation.empty() ? i : static_cast<size_t>(tensor.hostPermutation[i]));
    walk.count[4 - rank + i] = shape[i];
    walk.stride[4 - rank + i] = tensor.stride[chipDim];
  }
  return walk;
}

template <class Copy> void forEachElementRun(const isa::Tensor &tensor, Copy copy) {
  const Walk walk = walkOf(tensor);
  const Nest<2, 4> nest(walk.count, {denseStrides(walk.count), walk.stride});
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    copy(offset[0], nest.runStride(0), offset[1], nest.runStride(1), nest.runLength());
  });
}

} // namespace

void fromHost(const isa::Tensor &tensor, const void *host, uint8_t *dram) {
  const bool narrow = numerics::sizeInBytes(tensor.type) < 4;
  const int64_t size = numerics::sizeInBytes(tensor.type);
  auto *words = static_cast<const uint8_t *>(host);
  forEachElementRun(tensor, [&](int64_t from, int64_t fromStep, int64_t to, int64_t toStep, int64_t n) {
    if (narrow && fromStep == 1 && toStep == 1)
      return numerics::narrow(reinterpret_cast<const float *>(words) + from, tensor.type,
                              dram + tensor.address + static_cast<uint64_t>(to * size), n);
    for (int64_t i = 0; i < n; ++i) {
      uint8_t *target = dram + tensor.address + static_cast<uint64_t>((to + i * toStep) * size);
      const uint8_t *source = words + (from + i * fromStep) * 4;
      if (narrow) {
        float value;
        std::memcpy(&value, source, 4);
        numerics::writeElement(target, tensor.type, 0, value);
      } else {
        std::memcpy(target, source, 4);
      }
    }
  });
}

void toHost(const isa::Tensor &tensor, const uint8_t *dram, void *host) {
  const bool narrow = numerics::sizeInBytes(tensor.type) < 4;
  const int64_t size = numerics::sizeInBytes(tensor.type);
  auto *words = static_cast<uint8_t *>(host);
  forEachElementRun(tensor, [&](int64_t to, int64_t toStep, int64_t from, int64_t fromStep, int64_t n) {
    if (narrow && fromStep == 1 && toStep == 1)
      return numerics::widen(dram + tensor.address + static_cast<uint64_t>(from * size), tensor.type,
                             reinterpret_cast<float *>(words) + to, n);
    for (int64_t i = 0; i < n; ++i) {
      const uint8_t *source = dram + tensor.address + static_cast<uint64_t>((from + i * fromStep) * size);
      uint8_t *target = words + (to + i * toStep) * 4;
      if (narrow) {
        const float value = numerics::readElement(source, tensor.type, 0);
        std::memcpy(target, &value, 4);
      } else {
        std::memcpy(target, source, 4);
      }
    }
  });
}

void fromInitial(const isa::Tensor &tensor, isa::InitialReader::Elements elements, uint8_t *dram) {
  const auto size = static_cast<size_t>(numerics::sizeInBytes(tensor.type));
  const Box4 source = elements.repeated ? Box4{0, 0, 0, 0} : denseStrides(tensor.shape);
  const Nest<2, 4> nest(tensor.shape, {source, tensor.stride});
  const int64_t fromStep = nest.runStride(0), toStep = nest.runStride(1);
  nest.forEachRun([&](const std::array<int64_t, 2> &offset) {
    const uint8_t *from = elements.data + static_cast<size_t>(offset[0]) * size;
    uint8_t *to = dram + tensor.address + static_cast<size_t>(offset[1]) * size;
    if (fromStep == 1 && toStep == 1) {
      std::memcpy(to, from, static_cast<size_t>(nest.runLength()) * size);
      return;
    }
    for (int64_t i = 0; i < nest.runLength(); ++i)
      std::memcpy(to + static_cast<size_t>(i * toStep) * size,
                  from + static_cast<size_t>(i * fromStep) * size, size);
  });
}

} // namespace arsis::sim
