// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The transcendental functions: argument reduction and polynomials in double (relative error below 2e-14, so
// that the one rounding to float leaves less than 0.5 + 4e-7 ulp), and the table of vector functions.
#include "dialects/Isa/Numerics/Numerics.h"

namespace arsis::numerics {

static double doubleOf(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// ln 2 in two parts: the high part has 32 trailing zero bits, so that k * high is exact for |k| < 2^11.
static constexpr double kLn2High = 0x1.62e42fee00000p-1;
static constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
static constexpr double kInverseLn2 = 0x1.71547652b82fep+0;

/// e^r - 1 for |r| <= 0.3466 by its Taylor series to r^12 (relative remainder below 2e-15).
static double expMinusOneReduced(double r) {
  constexpr double c[] = {1.0,          1.0 / 2,       1.0 / 6,        1.0 / 24,
                          1.0 / 120,    1.0 / 720,     1.0 / 5040,     1.0 / 40320,
                          1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600};
  double sum = c[11];
  for (int i = 10; i >= 0; --i)
    sum = sum * r + c[i];
  return sum * r;
}

/// e^x - 1 for |x| < 700. Away from zero the subtraction costs at most two bits.
static double expMinusOne(double x) {
  double k = std::floor(x * kInverseLn2 + 0.5);
  double r = (x - k * kLn2High) - k * kLn2Low;
  double p = expMinusOneReduced(r);
  if (k == 0.0)
    return p;
  double scale = doubleOf(static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52);
  return scale * p + (scale - 1.0);
}

/// e^x for |x| < 700.
static double expNear(double x) {
  double k = std::floor(x * kInverseLn2 + 0.5);
  double r = (x - k * kLn2High) - k * kLn2Low;
  double scale = doubleOf(static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52);
  return scale * (1.0 + expMinusOneReduced(r));
}

float exp(float x) {
  if (isNaN(x))
    return canonical(x);
  if (x > 89.0f) // ln(largest float) = 88.72
    return std::numeric_limits<float>::infinity();
  if (x < -104.0f) // ln(half the smallest denormal) = -103.97
    return 0.0f;
  return static_cast<float>(expNear(x));
}

float log(float x) {
  if (isNaN(x) || x < 0.0f)
    return floatOf(kCanonicalNaNBits);
  if (x == 0.0f)
    return kMinusInfinity;
  if (!isFinite(x))
    return x;
  double wide = x; // every float is a normal double
  uint64_t bits;
  std::memcpy(&bits, &wide, sizeof bits);
  int64_t exponent = static_cast<int64_t>(bits >> 52) - 1023;
  double m = doubleOf((bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull);
  if (m > 0x1.6a09e667f3bcdp+0) { // sqrt 2
    m *= 0.5;
    ++exponent;
  }
  // log m = 2 atanh(s) with |s| <= 0.1716; the series to s^21 leaves less than 1e-17.
  double s = (m - 1.0) / (m + 1.0), square = s * s, sum = 1.0 / 21;
  for (int i = 19; i >= 1; i -= 2)
    sum = sum * square + 1.0 / i;
  double e = static_cast<double>(exponent);
  return static_cast<float>(e * kLn2High + (2.0 * s * sum + e * kLn2Low));
}

float tanh(float x) {
  if (isNaN(x))
    return canonical(x);
  double magnitude = std::fabs(static_cast<double>(x));
  if (magnitude > 10.0) // 1 - tanh(10) is 4e-9, far below half an ulp of 1
    return std::copysign(1.0f, x);
  double t = expMinusOne(2.0 * magnitude);
  return std::copysign(static_cast<float>(t / (t + 2.0)), x);
}

float erf(float x) {
  if (isNaN(x))
    return canonical(x);
  const double magnitude = std::fabs(static_cast<double>(x));
  if (magnitude > 4.0) // 1 - erf(4) is 1.6e-8, below half an ulp under 1
    return std::copysign(1.0f, x);
  // 2 / sqrt(pi) * e^(-x^2) * sum of x * (2 x^2)^n / (1 * 3 * ... * (2n + 1)): no term is negative, and none
  // behind the 90th counts.
  constexpr double kTwoBySqrtPi = 0x1.20dd750429b6dp+0;
  constexpr int kMostTerms = 90;
  const double square = magnitude * magnitude;
  double term = magnitude, sum = magnitude;
  for (int n = 1; n < kMostTerms && term > sum * 0x1p-60; ++n) {
    term *= 2.0 * square / (2 * n + 1);
    sum += term;
  }
  return std::copysign(static_cast<float>(kTwoBySqrtPi * expNear(-square) * sum), x);
}

namespace {
constexpr uint32_t kRebias = (127 - 15) << 23; // from the exponent of binary16 to that of binary32
constexpr uint32_t kLeastNormal = 0x38800000u; // 2^-14 in binary32
constexpr uint32_t kPastLargest = 0x47800000u; // 2^16
constexpr uint32_t kInfinityF16 = 0x7c00u;
} // namespace

uint16_t toF16(float x) {
  if (isNaN(x))
    return kCanonicalNaNBitsF16;
  const uint32_t bits = bitsOf(x), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude >= kPastLargest)
    return static_cast<uint16_t>(sign | kInfinityF16);
  if (magnitude >= kLeastNormal) // a carry out of the mantissa is the next exponent, or infinity
    return static_cast<uint16_t>(sign | (magnitude - kRebias + 0xfffu + (magnitude >> 13 & 1u)) >> 13);
  // In units of 2^-24. Below half of one nothing is left; the mantissa has 24 bits.
  const uint32_t shift = 126u - (magnitude >> 23);
  if (shift > 24)
    return static_cast<uint16_t>(sign);
  const uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  const uint32_t units = mantissa >> shift, rest = mantissa & ((1u << shift) - 1), half = 1u << (shift - 1);
  return static_cast<uint16_t>(sign | (units + (rest > half || (rest == half && (units & 1u)))));
}

float fromF16(uint16_t x) {
  const uint32_t sign = static_cast<uint32_t>(x & 0x8000u) << 16, magnitude = x & 0x7fffu;
  if (magnitude > kInfinityF16)
    return floatOf(kCanonicalNaNBits);
  if (magnitude == kInfinityF16)
    return floatOf(sign | 0x7f800000u);
  if (magnitude >= 0x400u)
    return floatOf(sign | ((magnitude << 13) + kRebias));
  return floatOf(sign | bitsOf(static_cast<float>(magnitude) * 0x1p-24f)); // denormals are normal floats
}

int32_t toI32(float x) {
  if (isNaN(x))
    return 0;
  if (x >= 2147483648.0f)
    return std::numeric_limits<int32_t>::max();
  if (x <= -2147483648.0f)
    return std::numeric_limits<int32_t>::min();
  // Adding and subtracting 1.5 * 2^52 rounds a double to an integer, to nearest even.
  volatile double shifted = static_cast<double>(x) + 0x1.8p52;
  return static_cast<int32_t>(shifted - 0x1.8p52);
}

float random(float a, float b, float c, float d) {
  constexpr uint64_t kFirstMultiplier = 0xD2511F53u, kSecondMultiplier = 0xCD9E8D57u;
  constexpr uint32_t kFirstWeyl = 0x9E3779B9u, kSecondWeyl = 0xBB67AE85u; // added to the key in every round
  constexpr int kRounds = 10;
  uint32_t counter[] = {bitsOf(a), bitsOf(b), bitsOf(c), bitsOf(d)}, key[] = {0, 0};
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t first = kFirstMultiplier * counter[0], second = kSecondMultiplier * counter[2];
    counter[0] = static_cast<uint32_t>(second >> 32) ^ counter[1] ^ key[0];
    counter[1] = static_cast<uint32_t>(second);
    counter[2] = static_cast<uint32_t>(first >> 32) ^ counter[3] ^ key[1];
    counter[3] = static_cast<uint32_t>(first);
    key[0] += kFirstWeyl;
    key[1] += kSecondWeyl;
  }
  return static_cast<float>(counter[0] >> 9 << 1 | 1) * 0x1p-24f;
}

float applyMap(VectorFunction function, float a, float b, float c, float immediate) {
  switch (function) {
  case VectorFunction::Copy:
    return a;
  case VectorFunction::Fill:
    return immediate;
  case VectorFunction::Add:
    return add(a, b);
  case VectorFunction::Subtract:
    return subtract(a, b);
  case VectorFunction::Multiply:
    return multiply(a, b);
  case VectorFunction::Fma:
    return fma(a, b, c);
  case VectorFunction::Scale:
    return multiply(a, immediate);
  case VectorFunction::Offset:
    return add(a, immediate);
  case VectorFunction::ScaleAdd:
    return fma(a, immediate, b);
  case VectorFunction::Maximum:
    return maximum(a, b);
  case VectorFunction::Minimum:
    return minimum(a, b);
  case VectorFunction::Relu:
    return relu(a);
  case VectorFunction::SelectPositive:
    return b > 0.0f ? a : 0.0f;
  case VectorFunction::Reciprocal:
    return reciprocal(a);
  case VectorFunction::Rsqrt:
    return rsqrt(a);
  case VectorFunction::Exp:
    return exp(a);
  case VectorFunction::Log:
    return log(a);
  case VectorFunction::OneHot:
    return a == b ? 1.0f : 0.0f;
  case VectorFunction::IsFinite:
    return isFinite(a) ? 1.0f : 0.0f;
  case VectorFunction::Tanh:
    return tanh(a);
  case VectorFunction::Random:
    return random(a, b, c, immediate);
  case VectorFunction::Select:
    return c > 0.0f ? a : b;
  case VectorFunction::Erf:
    return erf(a);
  }
  return floatOf(kCanonicalNaNBits); // not reached: the decoder rejects unknown functions
}

} // namespace arsis::numerics
