// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/Isa/Verifier/Buffers.h"

#include <algorithm>
#include <map>

namespace arsis::isa {

Buffers::Buffers(const Program &program, const MachineLimits &limits) {
  std::map<std::string, std::vector<Ring>> ofLayer;
  for (const Placement &placement : program.placements) {
    Ring ring{kScratchpad, int64_t(placement.begin), int64_t(placement.end), 0};
    if (placement.memory.rfind("acc", 0) == 0) { // the plan counts rows there
      ring.memory = accumulatorOf(unsigned(std::stoul(placement.memory.substr(3))));
      ring.begin *= limits.columns * int64_t(sizeof(float));
      ring.end *= limits.columns * int64_t(sizeof(float));
    } else if (placement.memory != "spm") {
      continue;
    }
    ring.slotBytes = std::max<int64_t>(1, (ring.end - ring.begin) / std::max<uint32_t>(1, placement.slots));
    ofLayer[placement.layer].push_back(ring);
  }
  for (const Location &location : program.locations)
    rings.push_back(ofLayer[location.layer]);
}

bool Buffers::contain(uint32_t location, unsigned memory, ByteRange bytes) const {
  if (location >= rings.size() || rings[location].empty())
    return true;
  return std::any_of(rings[location].begin(), rings[location].end(), [&](const Ring &ring) {
    return ring.memory == memory && bytes.begin >= ring.begin && bytes.end <= ring.end &&
           (bytes.begin - ring.begin) / ring.slotBytes == (bytes.end - 1 - ring.begin) / ring.slotBytes;
  });
}

} // namespace arsis::isa
