// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory plan of a program as a bound: an instance may touch, on chip, only one slot of one buffer of its
// own layer. Programs without a plan (written by hand) have no such bound; the sizes of the memories hold for
// them all the same.
#pragma once

#include "dialects/Isa/Verifier/Footprint.h"

namespace arsis::isa {

class Buffers {
public:
  Buffers(const Program &, const MachineLimits &);

  /// Whether `bytes` of `memory` lie within one slot of a buffer of the layer of `location`, or that layer
  /// has no buffer in the plan.
  bool contain(uint32_t location, unsigned memory, ByteRange bytes) const;

private:
  struct Ring {
    unsigned memory;
    int64_t begin, end, slotBytes;
  };
  std::vector<std::vector<Ring>> rings; // per location
};

} // namespace arsis::isa
