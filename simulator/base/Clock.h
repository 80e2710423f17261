// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cycles of the core clock and SystemC time: the one file that converts between them. Kernel time has a
// resolution of one femtosecond and every wake-up lies on a cycle, so the conversion loses nothing for any
// clock given to the kHz. Units count integer cycles and never see a time. Time ends at 9223 s, where 63 bits
// of femtoseconds do; whatever would go beyond is an error here.
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

class Clock {
public:
  explicit Clock(double mhz)
      : kilohertz(std::llround(mhz * 1000)), whole(kScale % kilohertz == 0 ? kScale / kilohertz : 0) {}

  /// These throw Error beyond the end of time.
  Femtoseconds femtoseconds(Cycle cycle) const {
    if (whole)
      return limited(static_cast<__int128>(cycle) * whole);
    return limited(static_cast<__int128>(cycle) * kScale / kilohertz);
  }
  static Femtoseconds later(Femtoseconds time, Femtoseconds duration) {
    return limited(static_cast<__int128>(time) + duration);
  }
  static Femtoseconds times(int64_t count, Femtoseconds duration) {
    return limited(static_cast<__int128>(count) * duration);
  }
  /// The first cycle that begins at or after `time`. REQUIRES: time >= 0.
  Cycle cycleAtOrAfter(Femtoseconds time) const {
    if (whole)
      return time / whole + (time % whole != 0);
    return static_cast<Cycle>((static_cast<__int128>(time) * kilohertz + kScale - 1) / kScale);
  }
  double nanoseconds(Cycle cycle) const {
    return static_cast<double>(cycle) * 1e6 / static_cast<double>(kilohertz);
  }

  /// REQUIRES: the kernel's resolution is one femtosecond (see Context.h).
  static Femtoseconds kernelTime() { return static_cast<Femtoseconds>(sc_core::sc_time_stamp().value()); }
  Cycle now() const { return cycleAtOrAfter(kernelTime()); }
  /// Time from now until the start of `cycle`; zero if that has passed.
  sc_core::sc_time until(Cycle cycle) const {
    const Femtoseconds ahead = femtoseconds(cycle) - kernelTime();
    return ahead > 0 ? sc_core::sc_time::from_value(static_cast<uint64_t>(ahead)) : sc_core::SC_ZERO_TIME;
  }

private:
  static Femtoseconds limited(__int128 femtoseconds) {
    if (femtoseconds > isa::kLongestFemtoseconds)
      throw Error("the simulated time exceeds " +
                  std::to_string(isa::kLongestFemtoseconds / 1000000000000000) +
                  " s, expected a step that ends before");
    return static_cast<Femtoseconds>(femtoseconds);
  }

  static constexpr int64_t kScale = 1000000000000; // femtoseconds per cycle at 1 kHz
  int64_t kilohertz;
  int64_t
      whole; // femtoseconds of a cycle where that is a whole number, which spares a 128-bit division; else 0
};

} // namespace arsis::sim
