// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the kernel tests share: deterministic values with awkward bits, calls through the registry, comparison
// of bits.
#pragma once

#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace arsis::ref::testing {

/// Standard normal values; every seventh is tiny so that products underflow and signs of zero matter.
template <class T> HostTensor random(Shape shape, unsigned seed) {
  HostTensor tensor(std::move(shape), HostTypeOf<T>::value);
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.as<T>()[i] = static_cast<T>(i % 7 == 6 ? normal(engine) * 1e-30 : normal(engine));
  return tensor;
}

inline std::vector<HostTensor> call(const std::string &op, const std::vector<HostTensor> &operands,
                                    const std::vector<Shape> &results,
                                    std::map<std::string, Attribute> attributes = {},
                                    const ReductionPlan *plan = nullptr,
                                    Backend backend = Backend::PlainF32) {
  KernelCall call;
  call.op = op;
  for (const HostTensor &operand : operands)
    call.operands.push_back(&operand);
  for (const Shape &shape : results)
    call.results.emplace_back(shape, backend == Backend::PlainF64 ? HostType::F64 : HostType::F32);
  call.attributes = std::move(attributes);
  call.plan = plan;
  evaluate(call, plan ? Backend::Exact : backend);
  return std::move(call.results);
}

/// Empty if all bits agree, else the first difference.
inline std::string difference(const HostTensor &found, const HostTensor &expected) {
  if (found.shape() != expected.shape() || found.type() != expected.type())
    return "shape or type differ";
  const size_t width = sizeOf(found.type());
  for (int64_t i = 0; i < found.size(); ++i)
    if (std::memcmp(found.data() + i * width, expected.data() + i * width, width) != 0)
      return "element " + std::to_string(i) +
             (found.type() == HostType::F32 ? ": " + std::to_string(found.as<float>()[i]) + " instead of " +
                                                  std::to_string(expected.as<float>()[i])
                                            : "");
  return "";
}

/// Largest |found - expected| / (1 + |expected|).
inline double distance(const HostTensor &found, const HostTensor &expected) {
  const HostTensor a = found.converted(HostType::F64), b = expected.converted(HostType::F64);
  double worst = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    worst =
        std::max(worst, std::abs(a.as<double>()[i] - b.as<double>()[i]) / (1 + std::abs(b.as<double>()[i])));
  return worst;
}

} // namespace arsis::ref::testing
