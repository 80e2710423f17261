// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packs buffers with lifetimes into one address space: first fit, largest first. Free of MLIR.
#ifndef ARSIS_COMPILER_TRANSFORMS_PLANMEMORY_ARENA_H
#define ARSIS_COMPILER_TRANSFORMS_PLANMEMORY_ARENA_H

#include <cstdint>
#include <optional>
#include <vector>

namespace arsis::compiler {

/// A buffer to place. It is live at the positions first..last; when room allows it also stays clear of what
/// is live from `early` on, so that it can be filled while the work before it still runs.
struct ArenaBuffer {
  int64_t size = 0;
  int64_t alignment = 1; // of its address; its size is rounded up to it
  int64_t first = 0, last = 0;
  int64_t early = 0;    // <= first
  int64_t address = -1; // result
};

struct ArenaFailure {
  size_t buffer;   // the one that found no room
  int64_t missing; // how much more capacity its position needed, at least 1
};

/// Sets every address, below `capacity`.
std::optional<ArenaFailure> packArena(std::vector<ArenaBuffer> &buffers, int64_t capacity);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_PLANMEMORY_ARENA_H
