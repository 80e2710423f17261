// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arrays of one SystemC process per PE: slow, and meant to be seen to be right. A PE knows its neighbours'
// registers and nothing else; what says how far weights, operands and sums go travels with them. The
// sequencers ask of every row whether something would go wrong, and know no closed form. Whatever should
// never happen in an array (two sums at one port, an operand without its partner, a buffer overwritten) is a
// fault.
#pragma once

#include "tests/fidelity/Programs.h"

#include <string>

namespace arsis::fidelity {

struct PeRecord : Record {
  std::vector<std::string> faults;
};

/// Cycles by which something begins before the sequencer allows it, for tests that it waits for nothing in
/// vain.
struct Early {
  int load = 0;    // of a bank that was used before
  int product = 0; // weight stationary
  int tile = 0;    // output stationary
};

PeRecord simulatedWeightStationary(const Shape &shape, const Program &program, const Early &early = {});
PeRecord simulatedOutputStationary(const Shape &shape, const Program &program, const Early &early = {});

} // namespace arsis::fidelity
