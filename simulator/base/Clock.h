// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cycles of the core clock and SystemC time: the one file that converts between them. Kernel time has a
// resolution of one femtosecond and every wake-up lies on a cycle, so the conversion loses nothing for any
// clock given to the kHz. Units count integer cycles and never see a time. Time ends at 9223 s, where 63 bits
// of femtoseconds do; whatever would go beyond is an error here.
//
// Cycles of a time are asked for several times for each request to the memory, and a division of 128 bits
// takes longer than all the rest of such a request; so the quotient is estimated with a multiplication by the
// reciprocal and corrected, which is exact (see cycleAtOrAfter).
#pragma once

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/Limits.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <systemc>

namespace arsis::sim {

using Cycle = int64_t;
using Femtoseconds = int64_t;
constexpr Cycle kNever = std::numeric_limits<int64_t>::max();
constexpr Femtoseconds kFemtosecondsPerNanosecond = 1000000;

/// a * b / c, rounded towards zero. REQUIRES: c > 0, a result of 64 bits. A division of 128 bits takes
/// several times as long as one of 64.
inline int64_t scaledDown(int64_t a, int64_t b, int64_t c) {
  int64_t product;
  if (!__builtin_mul_overflow(a, b, &product))
    return product / c;
  return static_cast<int64_t>(static_cast<__int128>(a) * b / c);
}

class Clock {
public:
  explicit Clock(double mhz)
      : kilohertz(std::llround(mhz * 1000)), whole(kScale % kilohertz == 0 ? kScale / kilohertz : 0),
        cyclesPerFemtosecond(static_cast<double>(kilohertz) / static_cast<double>(kScale)) {}

  /// These throw Error beyond the end of time.
  Femtoseconds femtoseconds(Cycle cycle) const {
    if (whole)
      return times(cycle, whole);
    return limited(static_cast<__int128>(cycle) * kScale / kilohertz);
  }
  static Femtoseconds later(Femtoseconds time, Femtoseconds duration) {
    Femtoseconds sum;
    if (__builtin_add_overflow(time, duration, &sum))
      tooLate();
    return sum;
  }
  static Femtoseconds times(int64_t count, Femtoseconds duration) {
    Femtoseconds product;
    if (__builtin_mul_overflow(count, duration, &product))
      tooLate();
    return product;
  }
  /// The first cycle that begins at or after `time`. REQUIRES: time >= 0.
  Cycle cycleAtOrAfter(Femtoseconds time) const {
    // Up to 2^40 cycles the estimate is off by less than 2^-11, since the error of a double's roundings
    // relative to it is less than 2^-51. So without its fraction it is the result, or one or two less.
    constexpr double kExact = static_cast<double>(int64_t(1) << 40);
    const double estimate = static_cast<double>(time) * cyclesPerFemtosecond;
    if (estimate >= kExact)
      return static_cast<Cycle>((static_cast<__int128>(time) * kilohertz + kScale - 1) / kScale);
    auto cycle = static_cast<Cycle>(estimate);
    if (whole) { // what 63 bits of femtoseconds and a cycle come to has 64
      const auto asked = static_cast<uint64_t>(time), one = static_cast<uint64_t>(whole);
      cycle += static_cast<uint64_t>(cycle) * one < asked;
      cycle += static_cast<uint64_t>(cycle) * one < asked;
      return cycle;
    }
    const __int128 asked = static_cast<__int128>(time) * kilohertz;
    cycle += static_cast<__int128>(cycle) * kScale < asked;
    cycle += static_cast<__int128>(cycle) * kScale < asked;
    return cycle;
  }
  double nanoseconds(Cycle cycle) const {
    return static_cast<double>(cycle) * 1e6 / static_cast<double>(kilohertz);
  }

  /// REQUIRES: the kernel's resolution is one femtosecond (see Context.h).
  static Femtoseconds kernelTime() { return static_cast<Femtoseconds>(sc_core::sc_time_stamp().value()); }
  /// Time from the kernel's until the start of `cycle`; zero if that has passed.
  Femtoseconds ahead(Cycle cycle) const {
    const Femtoseconds time = femtoseconds(cycle) - kernelTime();
    return time > 0 ? time : 0;
  }

private:
  static_assert(isa::kLongestFemtoseconds == std::numeric_limits<Femtoseconds>::max(),
                "what overflows is what is too late");
  static Femtoseconds limited(__int128 femtoseconds) {
    if (femtoseconds > isa::kLongestFemtoseconds)
      tooLate();
    return static_cast<Femtoseconds>(femtoseconds);
  }
  [[noreturn, gnu::cold, gnu::noinline]] static void tooLate() {
    throw Error("the simulated time exceeds " + std::to_string(isa::kLongestFemtoseconds / 1000000000000000) +
                " s, expected a step that ends before");
  }

  static constexpr int64_t kScale = 1000000000000; // femtoseconds per cycle at 1 kHz
  int64_t kilohertz;
  int64_t
      whole; // femtoseconds of a cycle where that is a whole number, which spares a 128-bit division; else 0
  double cyclesPerFemtosecond;
};

} // namespace arsis::sim
