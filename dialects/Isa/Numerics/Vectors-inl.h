// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What files that Highway compiles once per instruction set have in common. Included behind highway.h, once
// per instruction set: hence no guard of the usual kind.
#if defined(ARSIS_DIALECTS_ISA_NUMERICS_VECTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ARSIS_DIALECTS_ISA_NUMERICS_VECTORS_INL_H
#undef ARSIS_DIALECTS_ISA_NUMERICS_VECTORS_INL_H
#else
#define ARSIS_DIALECTS_ISA_NUMERICS_VECTORS_INL_H
#endif

#include "dialects/Isa/Numerics/Numerics.h"

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace arsis::numerics::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

static HWY_INLINE Vector canonicalVector(Floats d, Vector v) {
  return hn::IfThenElse(hn::IsNaN(v),
                        hn::BitCast(d, hn::Set(hn::RebindToUnsigned<Floats>(), kCanonicalNaNBits)), v);
}
#endif

} // namespace arsis::numerics::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
