// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs of halves to floats and back, compiled once per instruction set as in Kernels.cpp. Hosts with fused
// multiply-add also convert binary16 (F16C on x86), to nearest even; bf16 is shifts and additions.
#include "dialects/Isa/Numerics/Targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dialects/Isa/Numerics/Conversions.cpp"
#include "dialects/Isa/Numerics/Kernels.h"
#include "dialects/Isa/Numerics/Numerics.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "dialects/Isa/Numerics/Vectors-inl.h"

#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace arsis::numerics::HWY_NAMESPACE {

#if HWY_NATIVE_FMA
using Halves = hn::Rebind<uint16_t, Floats>;
using Words = hn::RebindToUnsigned<Floats>;
using BinaryHalves = hn::Rebind<hwy::float16_t, Floats>;

/// The first multiple-of-lanes elements; returns how many were done.
static int64_t widenSome(const uint16_t *from, ElementType type, float *to, int64_t n) {
  const Floats d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto half = hn::LoadU(Halves(), from + i);
    const Vector wide = type == ElementType::BF16
                            ? hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(Words(), half)))
                            : hn::PromoteTo(d, hn::BitCast(BinaryHalves(), half));
    hn::StoreU(canonicalVector(d, wide), d, to + i);
  }
  return i;
}

static int64_t narrowSome(const float *from, ElementType type, uint16_t *to, int64_t n) {
  const Floats d;
  const Words words;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Vector value = canonicalVector(d, hn::LoadU(d, from + i));
    if (type == ElementType::F16) {
      hn::StoreU(hn::BitCast(Halves(), hn::DemoteTo(BinaryHalves(), value)), Halves(), to + i);
      continue;
    }
    const auto bits = hn::BitCast(words, value);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
    const auto rounded = hn::ShiftRight<16>(hn::Add(hn::Add(bits, hn::Set(words, 0x7fff)), odd));
    hn::StoreU(hn::DemoteTo(Halves(), hn::BitCast(hn::RebindToSigned<Floats>(), rounded)), Halves(), to + i);
  }
  return i;
}

#else

static int64_t widenSome(const uint16_t *, ElementType, float *, int64_t) { return 0; }

static int64_t narrowSome(const float *, ElementType, uint16_t *, int64_t) { return 0; }
#endif

} // namespace arsis::numerics::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace arsis::numerics {
HWY_EXPORT(widenSome);
HWY_EXPORT(narrowSome);

void widen(const void *from, ElementType type, float *to, int64_t n) {
  if (type == ElementType::F32) {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(float));
    return;
  }
  int64_t i = sizeInBytes(type) == 2
                  ? HWY_DYNAMIC_DISPATCH(widenSome)(static_cast<const uint16_t *>(from), type, to, n)
                  : 0;
  for (; i < n; ++i)
    to[i] = readElement(from, type, i);
}

void narrow(const float *from, ElementType type, void *to, int64_t n) {
  if (type == ElementType::F32) {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(float));
    return;
  }
  int64_t i = sizeInBytes(type) == 2
                  ? HWY_DYNAMIC_DISPATCH(narrowSome)(from, type, static_cast<uint16_t *>(to), n)
                  : 0;
  for (; i < n; ++i)
    writeElement(to, type, i, from[i]);
}

} // namespace arsis::numerics
#endif
