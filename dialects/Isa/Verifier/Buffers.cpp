// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/Isa/Verifier/Buffers.h"

#include <algorithm>

namespace arsis::isa {

/// Slots of a ring that are written out; a compiler makes a handful.
constexpr int64_t kMostSlotsWrittenOut = 16;

void Buffers::add(Layer &layer, unsigned memory, const Ring &ring) {
  Plan &plan = layer[memory];
  if ((ring.end - ring.begin) / ring.slotBytes > kMostSlotsWrittenOut) {
    plan.longRings.push_back(ring);
    return;
  }
  for (int64_t begin = ring.begin; begin < ring.end; begin += ring.slotBytes)
    plan.slots.push_back({begin, std::min(begin + ring.slotBytes, ring.end)});
}

/// Drops the slots that lie within another one and sorts the rest.
static void keepLargest(std::vector<ByteRange> &slots) {
  std::sort(slots.begin(), slots.end(), [](const ByteRange &a, const ByteRange &b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  int64_t reached = -1; // the largest end so far
  slots.erase(std::remove_if(slots.begin(), slots.end(),
                             [&](const ByteRange &slot) {
                               const bool inside = slot.end <= reached;
                               reached = std::max(reached, slot.end);
                               return inside;
                             }),
              slots.end());
}

Buffers::Buffers(const Program &program, const MachineLimits &limits) {
  std::map<std::string, size_t> numbers;
  auto numberOf = [&](const std::string &layer) {
    auto [at, inserted] = numbers.emplace(layer, layers.size());
    if (inserted)
      layers.emplace_back();
    return at->second;
  };
  for (const Placement &placement : program.placements) {
    if (placement.memory == Memory::Dram)
      continue;
    const bool rows = placement.memory == Memory::Acc;
    const unsigned memory = rows ? accumulatorOf(placement.unit) : kScratchpad;
    const int64_t unitBytes = rows ? limits.columns * int64_t(sizeof(float)) : 1;
    Ring ring{int64_t(placement.begin) * unitBytes, int64_t(placement.end) * unitBytes, 0};
    ring.slotBytes = std::max<int64_t>(1, (ring.end - ring.begin) / placement.slots);
    add(layers[numberOf(placement.layer)], memory, ring);
  }
  for (Layer &layer : layers)
    for (auto &[memory, plan] : layer)
      keepLargest(plan.slots);
  for (const Location &location : program.locations)
    layerOf.push_back(numberOf(location.layer));
}

bool Buffers::contain(uint32_t location, unsigned memory, ByteRange bytes) const {
  if (location >= layerOf.size() || layers[layerOf[location]].empty())
    return true;
  const Layer &layer = layers[layerOf[location]];
  auto found = layer.find(memory);
  if (found == layer.end())
    return false;
  const Plan &plan = found->second;
  // Of the slots that begin in time the last one reaches furthest.
  auto after = std::upper_bound(plan.slots.begin(), plan.slots.end(), bytes.begin,
                                [](int64_t at, const ByteRange &slot) { return at < slot.begin; });
  if (after != plan.slots.begin() && bytes.end <= std::prev(after)->end)
    return true;
  return std::any_of(plan.longRings.begin(), plan.longRings.end(), [&](const Ring &ring) {
    return bytes.begin >= ring.begin && bytes.end <= ring.end &&
           (bytes.begin - ring.begin) / ring.slotBytes == (bytes.end - 1 - ring.begin) / ring.slotBytes;
  });
}

} // namespace arsis::isa
