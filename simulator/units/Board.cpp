// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Board.h.
#include "simulator/units/Board.h"

#include <cmath>

namespace arsis::sim {

Board::Board(const isa::Program &program, const chip::Chip &chip, const MemorySizes &sizes)
    : program(program), clock(chip.real("clock.core_mhz")),
      agenda("agenda", clock, chip.text("dram.scheduler") != "fr_fcfs"), sizes(sizes), counters(program),
      scratchpad(chip), layers(program.locations.empty() ? 1 : program.locations.size()) {}

/// Sebastiano Vigna's splitmix64: one well mixed word per (seed, stream, ordinal), whatever the order of
/// asking.
static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

double Board::randomFactor(uint64_t seed, size_t stream, uint64_t ordinal) {
  constexpr double kShortest = 0.1, kLongest = 20.0;
  const uint64_t word = mix(mix(seed ^ (static_cast<uint64_t>(stream) << 48)) ^ ordinal);
  const double uniform = static_cast<double>(word >> 11) * 0x1p-53;
  return kShortest * std::exp(uniform * std::log(kLongest / kShortest));
}

} // namespace arsis::sim
