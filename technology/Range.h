// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A figure whose sources disagree: the one that is used, and the least and the most that a source says. One
// source alone makes all three equal.
#pragma once

#include <algorithm>

namespace arsis::technology {

struct Range {
  double low = 0, nominal = 0, high = 0;

  static Range exactly(double value) { return {value, value, value}; }
  /// Wide enough for `value` too.
  Range including(double value) const { return {std::min(low, value), nominal, std::max(high, value)}; }
};

inline Range operator*(const Range &range, double factor) {
  return {range.low * factor, range.nominal * factor, range.high * factor};
}
inline Range operator+(const Range &a, const Range &b) {
  return {a.low + b.low, a.nominal + b.nominal, a.high + b.high};
}

} // namespace arsis::technology
