// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meaning of arithmetic on the chip, normative for the simulator and for the exact reference. Every
// function returns the same bits on every host: round to nearest even, denormals kept, no contraction, and
// whatever makes a NaN makes the one canonical NaN; the callers see to it with FloatEnvironment.h. Exp, log,
// tanh and erf use polynomials and series of our own in double, because libm differs between hosts.
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
constexpr uint16_t kCanonicalNaNBitsF16 = 0x7e00u;

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
/// Error <= 0.51 ulp over all floats; odd, erf(-0) = -0.
float erf(float x);

/// A number between 0 and 1, an odd multiple of 2^-24, from the bits of the four arguments: the upper 23 bits
/// of the first word of Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
/// 2, 3", SC 2011) with the counter (a, b, c, d) and the key (0, 0). All of those multiples are equally
/// likely.
float random(float a, float b, float c, float d);

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
/// fp32 -> binary16, round to nearest even; from 65520 on infinity, NaN the canonical NaN, denormals are
/// kept.
uint16_t toF16(float x);
/// Exact; a NaN gives the canonical NaN.
float fromF16(uint16_t x);
/// fp32 -> int32, round to nearest even, saturating, NaN gives 0.
int32_t toI32(float x);

/// Element `index` of an array of `type` in simulated memory, as float (I32 is rounded to nearest even; exact
/// below 2^24). The bytes need no alignment.
inline float readElement(const void *bytes, ElementType type, int64_t index) {
  const char *at = static_cast<const char *>(bytes) + index * sizeInBytes(type);
  if (type == ElementType::F32) {
    float value;
    std::memcpy(&value, at, 4);
    return value;
  }
  if (type != ElementType::I32) {
    uint16_t value;
    std::memcpy(&value, at, 2);
    return type == ElementType::BF16 ? fromBF16(value) : fromF16(value);
  }
  int32_t value;
  std::memcpy(&value, at, 4);
  return static_cast<float>(value);
}
inline void writeElement(void *bytes, ElementType type, int64_t index, float value) {
  char *at = static_cast<char *>(bytes) + index * sizeInBytes(type);
  if (type == ElementType::F32) {
    std::memcpy(at, &value, 4);
  } else if (type != ElementType::I32) {
    uint16_t narrow = type == ElementType::BF16 ? toBF16(value) : toF16(value);
    std::memcpy(at, &narrow, 2);
  } else {
    int32_t integer = toI32(value);
    std::memcpy(at, &integer, 4);
  }
}

inline float identityOf(ReduceFunction function) {
  return function == ReduceFunction::Sum ? 0.0f : kMinusInfinity;
}
inline float combine(ReduceFunction function, float a, float b) {
  return function == ReduceFunction::Sum ? add(a, b) : maximum(a, b);
}

/// Partials of every reduction. The number of lanes of a chip changes no bit.
constexpr int64_t kReductionPartials = 16;

/// The end of a reduction: partial j takes partial j + s, for s = 8, 4, 2, 1 and j < s. Only the first
/// `present` partials exist; nothing happens where one does not. The partials are overwritten. Without any
/// the result is the identity.
inline float combinePartials(ReduceFunction function, float *partial, int64_t present) {
  if (present == 0)
    return identityOf(function);
  for (int64_t s = kReductionPartials / 2; s > 0; s /= 2)
    for (int64_t j = 0; j < s && j + s < present; ++j)
      partial[j] = combine(function, partial[j], partial[j + s]);
  return canonical(partial[0]);
}

/// The order in which every `reduce` combines its elements. Element i goes to partial i mod 16; a partial is
/// its first element, combined with the later ones as they come; then combinePartials. No identity takes
/// part, so the sum of one element is that element, -0 too; only a NaN becomes the canonical one.
class TreeReduction {
public:
  explicit TreeReduction(ReduceFunction function) : function(function) {}
  void take(float element) {
    float &at = partial[count % kReductionPartials];
    at = count < kReductionPartials ? element : combine(function, at, element);
    ++count;
  }
  /// Once, after the last element.
  float result() {
    return combinePartials(function, partial, count < kReductionPartials ? count : kReductionPartials);
  }

private:
  const ReduceFunction function;
  int64_t count = 0;
  float partial[kReductionPartials];
};

/// Reduces read(0) .. read(n - 1).
template <class Read> float treeReduce(ReduceFunction function, int64_t n, Read read) {
  TreeReduction reduction(function);
  for (int64_t i = 0; i < n; ++i)
    reduction.take(read(i));
  return reduction.result();
}

/// One element of a `map` instruction. Operands that the function does not read are ignored. OneHot compares
/// a (the label) with b, which the caller sets to the index along dimension 3.
float applyMap(VectorFunction function, float a, float b, float c, float immediate);

} // namespace arsis::numerics

#endif
