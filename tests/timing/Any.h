// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole numbers for random cases, the same everywhere.
#pragma once

#include <cstdint>
#include <random>

namespace arsis::timing::test {

class Any {
public:
  explicit Any(uint32_t seed) : random(seed) {}
  /// REQUIRES: low <= high. Both can come.
  int64_t operator()(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  }

private:
  std::mt19937_64 random;
};

} // namespace arsis::timing::test
