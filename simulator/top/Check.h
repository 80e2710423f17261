// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether a chip can run a program at all, before anything runs.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "simulator/isa/Memories.h"

namespace arsis::sim {

MemorySizes memorySizes(const chip::Chip &chip);

/// Throws one Error that names every requirement the chip does not meet, every stream it has no unit for,
/// every element type it does not support, and a DRAM that is too small.
void checkProgram(const isa::Program &program, const chip::Chip &chip);

/// Throws Error naming the keys outside `energy` and `technology` in which the other chip differs.
void checkSameButEnergies(const chip::Chip &chip, const chip::Chip &other);

} // namespace arsis::sim
