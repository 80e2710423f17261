// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be decided about a program and a chip without walking the program.
#pragma once

#include "dialects/Isa/Verifier/DramState.h"
#include "dialects/Isa/Verifier/Verifier.h"

namespace arsis::isa {

/// Requirements, streams that the chip lacks, DRAM that does not fit, element types that no machine runs,
/// tensors out of alignment. Appends one diagnostic per finding, with the instance location's position and
/// names filled in.
void checkStatically(const Program &, const chip::Chip &, const MachineLimits &, std::vector<Diagnostic> &);

/// 2 if any operand or tensor has a 2-byte type, else 4: no access begins or ends inside a granule.
int64_t granuleOf(const Program &);

/// Names an instruction by its static position, without loop indices.
InstanceLocation locate(const Program &, size_t stream, size_t position);
/// "map at position 3 of vector 0, loops [1, 2], layer conv1 fwd".
std::string describe(const InstanceLocation &);

} // namespace arsis::isa
