// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The high-precision side of the numerics tests: 100-bit binary floats of Boost.Multiprecision, the error of
// a float in units in the last place, and the floats that every function is tried on.
#pragma once

#include "dialects/Isa/Numerics/Numerics.h"

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cmath>
#include <random>
#include <vector>

namespace arsis::numerics::oracle {

using Wide = boost::multiprecision::number<
    boost::multiprecision::cpp_bin_float<100, boost::multiprecision::digit_base_2, void, int32_t>,
    boost::multiprecision::et_off>;

/// Distance of `found` from the exact value in ulps of the float format at that value (denormals: 2^-149).
inline double ulpError(float found, const Wide &exact) {
  if (exact == 0)
    return found == 0 ? 0 : std::fabs(found) / std::ldexp(1.0, -149);
  int exponent = 0;
  boost::multiprecision::frexp(exact, &exponent); // |exact| in [2^(exponent-1), 2^exponent)
  Wide ulp = boost::multiprecision::ldexp(Wide(1), std::max(exponent - 24, -149));
  return static_cast<double>(boost::multiprecision::abs(Wide(found) - exact) / ulp);
}

/// The float nearest to an exact value, ties to even, overflow to infinity.
inline float nearestFloat(const Wide &exact) {
  if (exact == 0)
    return 0.0f;
  int exponent = 0;
  boost::multiprecision::frexp(exact, &exponent);
  int shift = std::max(exponent - 24, -149);
  Wide scaled = boost::multiprecision::ldexp(boost::multiprecision::abs(exact), -shift);
  int64_t whole = static_cast<int64_t>(boost::multiprecision::floor(scaled));
  Wide rest = scaled - Wide(whole);
  if (rest > 0.5 || (rest == 0.5 && (whole & 1)))
    ++whole;
  double value = std::ldexp(static_cast<double>(whole), shift); // exact: at most 25 bits
  float rounded = value > std::numeric_limits<float>::max() ? std::numeric_limits<float>::infinity()
                                                            : static_cast<float>(value);
  return exact < 0 ? -rounded : rounded;
}

inline std::vector<float> specials() {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> values = {0.0f,
                               1.0f,
                               0.5f,
                               2.0f,
                               1.5f,
                               3.0f,
                               0x1p-126f,
                               0x1p-149f,
                               0x1p-127f,
                               0x1.fffffep-127f,
                               0x1.fffffep127f,
                               0x1p127f,
                               inf,
                               1.0000001f,
                               0.99999994f,
                               88.72284f,
                               103.97f,
                               9.01f};
  size_t count = values.size();
  for (size_t i = 0; i < count; ++i)
    values.push_back(-values[i]);
  for (uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0x7fffffffu, 0xff812345u})
    values.push_back(floatOf(bits));
  return values;
}

/// `n` floats with random bits: all exponents alike, NaNs included.
inline std::vector<float> randomBits(size_t n, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<float> values(n);
  for (float &value : values)
    value = floatOf(generator());
  return values;
}

inline bool sameBits(float a, float b) { return bitsOf(a) == bitsOf(b); }

} // namespace arsis::numerics::oracle
