// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C standard knows rounding, flags and traps; whether denormals are flushed is said in a register of each
// architecture. fesetenv restores that register whole. These functions are not inline, so that no arithmetic
// of a caller moves across them.
#include "dialects/Isa/Numerics/FloatEnvironment.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif !defined(__aarch64__)
#error "expected x86 or AArch64: say here how this architecture keeps denormals"
#endif

namespace arsis::numerics {

FloatEnvironment::FloatEnvironment() {
  std::fegetenv(&callers);
  std::fesetenv(FE_DFL_ENV); // round to nearest even, no traps, no flags
#if defined(__x86_64__) || defined(__i386__)
  // Nothing but the six exception masks: neither FTZ (bit 15) nor DAZ (bit 6).
  constexpr unsigned kExceptionMasks = 0x1f80;
  _mm_setcsr(kExceptionMasks);
#else
  // FPCR: neither FZ (bit 24) nor FZ16 (bit 19), nor FIZ and AH (bits 0 and 1), which flush too.
  asm volatile("msr fpcr, xzr" ::: "memory");
#endif
}

FloatEnvironment::~FloatEnvironment() { std::fesetenv(&callers); }

} // namespace arsis::numerics
