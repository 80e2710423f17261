// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A caller whose floating-point environment is not the one that values are defined in: it rounds upwards and,
// where the tests know how to say so, flushes denormals to zero.
#pragma once

#include <cfenv>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace arsis::numerics::test {

class ForeignEnvironment {
public:
  ForeignEnvironment() {
    std::fegetenv(&before);
    std::fesetround(FE_UPWARD);
#if defined(__x86_64__)
    constexpr unsigned kFlushBoth = 0x8040; // FTZ and DAZ
    _mm_setcsr(_mm_getcsr() | kFlushBoth);
#endif
    std::feclearexcept(FE_ALL_EXCEPT);
    std::feraiseexcept(FE_DIVBYZERO);
    registers = control();
  }
  ~ForeignEnvironment() { std::fesetenv(&before); }
  ForeignEnvironment(const ForeignEnvironment &) = delete;
  ForeignEnvironment &operator=(const ForeignEnvironment &) = delete;

  /// Whether this thread still rounds and flushes as it was told here. The test's own arithmetic may have
  /// left flags.
  bool settingsIntact() const {
    constexpr unsigned kFlags = 0x3f;
    return std::fegetround() == FE_UPWARD && (control() & ~kFlags) == (registers & ~kFlags);
  }
  /// Whether this thread still rounds, flushes and remembers exceptions as it was told here.
  bool intact() const {
    return std::fegetround() == FE_UPWARD && std::fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO &&
           control() == registers;
  }

private:
  static unsigned control() {
#if defined(__x86_64__)
    return _mm_getcsr();
#else
    return 0;
#endif
  }

  std::fenv_t before;
  unsigned registers = 0;
};

} // namespace arsis::numerics::test
