// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A reduction by the sentences of the manual (docs/isa.md, `reduce`), from the result down to the elements,
// in arithmetic of the host: nothing of the code under test takes part.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace arsis::testing {

struct ReductionOracle {
  bool max;
  const std::vector<float> &elements;

  float combined(float a, float b) const {
    if (max)
      return b > a || (std::isnan(b) && !std::isnan(a)) ? b : a;
    return a + b;
  }
  /// Partial j once all levels from s on are done; s = 16: before the first of them.
  float partial(size_t j, size_t s) const {
    if (s == 16) {
      float value = elements[j];
      for (size_t i = j + 16; i < elements.size(); i += 16)
        value = combined(value, elements[i]);
      return value;
    }
    const float own = partial(j, 2 * s);
    return j + s < elements.size() ? combined(own, partial(j + s, 2 * s)) : own;
  }
};

/// The elements summed, or the greatest of them. REQUIRES: there is one.
inline float reduced(bool max, const std::vector<float> &elements) {
  const float value = ReductionOracle{max, elements}.partial(0, 1);
  if (!std::isnan(value))
    return value;
  const uint32_t canonicalBits = 0x7fc00000u;
  float nan;
  std::memcpy(&nan, &canonicalBits, sizeof nan);
  return nan;
}
inline float reducedSum(const std::vector<float> &elements) { return reduced(false, elements); }

} // namespace arsis::testing
