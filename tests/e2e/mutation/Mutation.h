// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Changes one thing in a program: an operand, a stride, a ring, a wait, an increment. Each change keeps the
// encoding well formed as bytes; whether it still means something is what the tests find out.
#ifndef ARSIS_TESTS_E2E_MUTATION_MUTATION_H
#define ARSIS_TESTS_E2E_MUTATION_MUTATION_H

#include "dialects/Isa/Encoding/Program.h"

#include <random>
#include <string>

namespace arsis::mutation {

using Random = std::mt19937_64;

/// A place in a program.
struct Site {
  size_t stream = 0, instruction = 0;
};
std::string describe(const isa::Program &, Site);

/// Changes one random field of one random instruction of `program`; returns what was changed ("matrix 0 #12
/// multiply: mStride[1] 96 -> 97"). Deterministic for a given state of `random`.
std::string mutate(isa::Program &program, Random &random);

/// One wait of one instruction.
struct WaitSite {
  Site site;
  unsigned wait = 0;
};
std::vector<WaitSite> waitsOf(const isa::Program &);
/// The same program with this wait's value one lower.
isa::Program weakened(const isa::Program &, WaitSite);
/// The same program without this wait.
isa::Program removed(const isa::Program &, WaitSite);

} // namespace arsis::mutation

#endif
