// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meaning of arithmetic on the chip, normative for the simulator and for the exact reference. Every
// function returns the same bits on every host: round to nearest even, denormals kept, no contraction, and
// whatever makes a NaN makes the one canonical NaN; the callers see to it with FloatEnvironment.h. Exp, log
// and tanh use polynomials of our own in double, because libm differs between hosts.
#ifndef ARSIS_DIALECTS_ISA_NUMERICS_NUMERICS_H
#define ARSIS_DIALECTS_ISA_NUMERICS_NUMERICS_H

#include "dialects/Isa/Numerics/ElementType.h"
#include "dialects/Isa/Numerics/Functions.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace arsis::numerics {

/// The bits of the one NaN that arithmetic produces: quiet, positive, empty payload. Copies keep the bits
/// they find.
constexpr uint32_t kCanonicalNaNBits = 0x7fc00000u;
constexpr uint16_t kCanonicalNaNBitsBF16 = 0x7fc0u;

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline bool isNaN(float x) { return x != x; }
inline float canonical(float x) { return isNaN(x) ? floatOf(kCanonicalNaNBits) : x; }
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// Correctly rounded (error <= 0.5 ulp).
inline float add(float a, float b) { return canonical(a + b); }
inline float subtract(float a, float b) { return canonical(a - b); }
inline float multiply(float a, float b) { return canonical(a * b); }
inline float fma(float a, float b, float c) { return canonical(std::fma(a, b, c)); }
inline float reciprocal(float x) { return canonical(1.0f / x); }

/// 1/sqrt(x), error <= 0.501 ulp. rsqrt(+0) = +inf, rsqrt(-0) = -inf, rsqrt(x < 0) = NaN.
inline float rsqrt(float x) { return canonical(static_cast<float>(1.0 / std::sqrt(static_cast<double>(x)))); }

/// Error <= 0.51 ulp over all floats, denormal results included; exp(-inf) = +0, overflow gives +inf.
float exp(float x);
/// Error <= 0.51 ulp over all floats; log(+-0) = -inf, log(x < 0) = NaN.
float log(float x);
/// Error <= 0.51 ulp over all floats; odd, tanh(-0) = -0.
float tanh(float x);

inline float relu(float x) { return isNaN(x) ? canonical(x) : x > 0.0f ? x : 0.0f; }
inline bool isFinite(float x) { return (bitsOf(x) & 0x7f800000u) != 0x7f800000u; }

/// The tie rule of every maximum: the earlier value stays unless `v` is greater, or the first NaN.
inline bool better(float v, float best) { return v > best || (isNaN(v) && !isNaN(best)); }
/// A NaN operand gives NaN; of equal operands (+0 and -0 too) the result is a.
inline float maximum(float a, float b) { return canonical(better(b, a) ? b : a); }
inline float minimum(float a, float b) { return canonical(b < a || (isNaN(b) && !isNaN(a)) ? b : a); }

/// fp32 -> bf16, round to nearest even; overflow gives infinity, NaN the canonical NaN, denormals are kept.
inline uint16_t toBF16(float x) {
  if (isNaN(x))
    return kCanonicalNaNBitsBF16;
  uint32_t bits = bitsOf(x);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
/// Exact; a NaN gives the canonical NaN.
inline float fromBF16(uint16_t x) { return canonical(floatOf(static_cast<uint32_t>(x) << 16)); }
/// fp32 -> int32, round to nearest even, saturating, NaN gives 0.
int32_t toI32(float x);

/// Element `index` of an array of `type` in simulated memory, as float (I32 is rounded to nearest even; exact
/// below 2^24). REQUIRES: type is F32, BF16 or I32; bytes need no alignment.
inline float readElement(const void *bytes, ElementType type, int64_t index) {
  const char *at = static_cast<const char *>(bytes) + index * sizeInBytes(type);
  if (type == ElementType::F32) {
    float value;
    std::memcpy(&value, at, 4);
    return value;
  }
  if (type == ElementType::BF16) {
    uint16_t value;
    std::memcpy(&value, at, 2);
    return fromBF16(value);
  }
  int32_t value;
  std::memcpy(&value, at, 4);
  return static_cast<float>(value);
}
inline void writeElement(void *bytes, ElementType type, int64_t index, float value) {
  char *at = static_cast<char *>(bytes) + index * sizeInBytes(type);
  if (type == ElementType::F32) {
    std::memcpy(at, &value, 4);
  } else if (type == ElementType::BF16) {
    uint16_t narrow = toBF16(value);
    std::memcpy(at, &narrow, 2);
  } else {
    int32_t integer = toI32(value);
    std::memcpy(at, &integer, 4);
  }
}

/// Lanes of the architectural reduction tree; a chip's physical lanes do not change a bit.
constexpr int64_t kReductionLanes = 16;

/// Combines read(0) .. read(n-1): lane j takes elements i = j mod 16 ascending from `identity`, then lane j
/// takes lane j + s for s = 8, 4, 2, 1.
template <class Read, class Combine> float laneReduce(int64_t n, float identity, Read read, Combine combine) {
  float lane[kReductionLanes];
  for (float &value : lane)
    value = identity;
  for (int64_t i = 0; i < n; ++i)
    lane[i % kReductionLanes] = combine(lane[i % kReductionLanes], read(i));
  for (int64_t s = kReductionLanes / 2; s > 0; s /= 2)
    for (int64_t j = 0; j < s; ++j)
      lane[j] = combine(lane[j], lane[j + s]);
  return lane[0];
}
template <class Read> float laneSum(int64_t n, Read read) { return laneReduce(n, 0.0f, read, add); }
template <class Read> float laneMax(int64_t n, Read read) {
  return laneReduce(n, kMinusInfinity, read, maximum);
}

inline float identityOf(ReduceFunction function) {
  return function == ReduceFunction::Sum ? 0.0f : kMinusInfinity;
}
inline float combine(ReduceFunction function, float a, float b) {
  return function == ReduceFunction::Sum ? add(a, b) : maximum(a, b);
}

/// One element of a `map` instruction. Operands that the function does not read are ignored. OneHot compares
/// a (the label) with b, which the caller sets to the index along dimension 3.
float applyMap(VectorFunction function, float a, float b, float c, float immediate);

} // namespace arsis::numerics

#endif
