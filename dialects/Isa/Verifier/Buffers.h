// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory plan of a program as a bound: an instance may touch, on chip, only one slot of one buffer of its
// own layer. Programs without a plan (written by hand) have no such bound; the sizes of the memories hold for
// them all the same. Buffers of a layer may share bytes, and a module without locations has thousands of them
// in one layer: a question is a binary search among the slots that no other slot contains.
#pragma once

#include "dialects/Isa/Verifier/Footprint.h"

#include <map>

namespace arsis::isa {

class Buffers {
public:
  /// REQUIRES: a validated program.
  Buffers(const Program &, const MachineLimits &);

  /// Whether `bytes` of `memory` lie within one slot of a buffer of the layer of `location`, or that layer
  /// has no buffer in the plan.
  bool contain(uint32_t location, unsigned memory, ByteRange bytes) const;

private:
  struct Ring {
    int64_t begin, end, slotBytes;
  };
  /// The buffers of one layer in one memory.
  struct Plan {
    std::vector<ByteRange> slots; // none within another, so ascending in begin and in end
    std::vector<Ring> longRings;  // of more slots than are written out
  };
  using Layer = std::map<unsigned, Plan>; // by memory

  void add(Layer &, unsigned memory, const Ring &);

  std::vector<Layer> layers;
  std::vector<size_t> layerOf; // per location
};

} // namespace arsis::isa
