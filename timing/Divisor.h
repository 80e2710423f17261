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
  int64_t remainder(int64_t x) const { return shift >= 0 ? x & (value - 1) : x % value; }
  bool isPowerOfTwo() const { return shift >= 0; }
  int64_t value;

protected:
  int shift = -1;
};

/// The same by a power of two alone, for loops that have no time to ask.
class Shift : private Divisor {
public:
  /// REQUIRES: a power of two.
  explicit Shift(int64_t value) : Divisor(value) {}
  int64_t quotient(int64_t x) const { return x >> shift; }
  int64_t remainder(int64_t x) const { return x & (value - 1); }
  using Divisor::value;
};

} // namespace arsis::timing
