// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// First fit by size. A buffer is tried in three steps: clear of everything near its lifetime; clear of what
// is live with it; and, if fragmentation left no hole, the whole packing is repeated without the wish for
// clearance.
#include "compiler/Transforms/PlanMemory/Arena.h"

#include <algorithm>
#include <numeric>

namespace arsis::compiler {
namespace {

struct Span {
  int64_t begin, end;
};

int64_t aligned(int64_t size, int64_t alignment) { return (size + alignment - 1) / alignment * alignment; }

int64_t sizeOf(const ArenaBuffer &buffer) { return aligned(buffer.size, buffer.alignment); }

/// Lowest address at which `size` fits between the taken spans.
int64_t lowestHole(std::vector<Span> &taken, int64_t size, int64_t alignment) {
  std::sort(taken.begin(), taken.end(), [](const Span &a, const Span &b) { return a.begin < b.begin; });
  int64_t address = 0;
  for (const Span &span : taken) {
    if (span.begin - address >= size)
      break;
    address = std::max(address, aligned(span.end, alignment));
  }
  return address;
}

std::optional<ArenaFailure> pack(std::vector<ArenaBuffer> &buffers, int64_t capacity, bool roomy) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return buffers[a].size > buffers[b].size; });
  std::vector<size_t> placed;
  for (size_t index : order) {
    ArenaBuffer &buffer = buffers[index];
    int64_t size = sizeOf(buffer);
    auto hole = [&](bool clear) {
      std::vector<Span> taken;
      for (size_t other : placed) {
        const ArenaBuffer &o = buffers[other];
        bool overlap = clear ? buffer.early <= o.last && o.early <= buffer.last
                             : buffer.first <= o.last && o.first <= buffer.last;
        if (overlap)
          taken.push_back({o.address, o.address + sizeOf(o)});
      }
      return lowestHole(taken, size, buffer.alignment);
    };
    buffer.address = roomy ? hole(true) : capacity;
    if (buffer.address + size > capacity)
      buffer.address = hole(false);
    if (buffer.address + size > capacity)
      return ArenaFailure{index, buffer.address + size - capacity};
    placed.push_back(index);
  }
  return std::nullopt;
}

} // namespace

std::optional<ArenaFailure> packArena(std::vector<ArenaBuffer> &buffers, int64_t capacity) {
  if (!pack(buffers, capacity, true))
    return std::nullopt;
  return pack(buffers, capacity, false);
}

} // namespace arsis::compiler
