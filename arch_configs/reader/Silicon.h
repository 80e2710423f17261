// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chip's memories and technology in the terms of technology/: what is on it, and the fastest clock that all
// of it follows. A memory with one access per cycle may be cut into parts for the clock (technology/Sram.h),
// so that what bounds it are its smallest parts; logic is bounded by its shortest stages. Does not model: the
// depth of pipelines, wires between units, margins.
#pragma once

#include "technology/Sram.h"

#include <functional>
#include <string>
#include <string_view>

namespace arsis::chip {

struct ClockLimit {
  double mhz = 0;
  std::string what; // that bounds it: "the scratchpad's banks"
};

struct Silicon {
  /// `value` gives the number of a key.
  explicit Silicon(const std::function<double(std::string_view)> &value);

  /// REQUIRES: technology::complaintAbout(point) is empty.
  ClockLimit clockLimit() const;

  technology::OperatingPoint point;
  double periodNs;
  technology::SramShape scratchpadBank, accumulatorBank, instructionBuffer;
  double scratchpadBanks, accumulatorBanks; // of all arrays together
};

} // namespace arsis::chip
