// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Division of addresses by sizes, which are powers of two nearly always.
#pragma once

#include <cstdint>

namespace arsis::timing {

/// Division by a number that is usually a power of two.
class Divisor {
public:
  explicit Divisor(int64_t value) : value(value) {
    if ((value & (value - 1)) == 0)
      for (shift = 0; (int64_t(1) << shift) < value;)
        ++shift;
  }
  /// REQUIRES: x >= 0.
  int64_t quotient(int64_t x) const { return shift >= 0 ? x >> shift : x / value; }
  int64_t remainder(int64_t x) const { return x - quotient(x) * value; }
  int64_t value;

private:
  int shift = -1;
};

} // namespace arsis::timing
