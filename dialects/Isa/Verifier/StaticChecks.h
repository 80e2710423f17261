// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be decided about a program and a chip without walking the program.
#pragma once

#include "dialects/Isa/Verifier/DramState.h"
#include "dialects/Isa/Verifier/Verifier.h"

namespace arsis::isa {

/// Requirements, stated and of the products, streams that the chip lacks, DRAM that does not fit, element
/// types that no machine runs, tensors out of alignment. Appends one diagnostic per finding, with the
/// instance location's position and names filled in.
void checkStatically(const Program &, const chip::Chip &, const MachineLimits &, std::vector<Diagnostic> &);

/// What the products of a program ask of the arrays: `matrix.bf16_passes >= 1` for operands in bf16.
std::vector<Requirement> productRequirements(const Program &);

/// "matrix.rows == 16, found 8" if the chip does not meet the requirement, else empty.
std::string missedBy(const Requirement &, const chip::Chip &);

/// What every chip must offer for the verdict on this one, of a walk whose furthest access in each memory
/// ended at `reach`. The shape of the array and the number of banks give instructions another meaning; of the
/// rest, more does no harm.
std::vector<Requirement> capacitiesOf(const Program &, const MachineLimits &,
                                      const std::vector<int64_t> &reach);

/// 2 if any operand or tensor has a 2-byte type, else 4: no access begins or ends inside a granule.
int64_t granuleOf(const Program &);

/// Names an instruction by its static position, without loop indices.
InstanceLocation locate(const Program &, size_t stream, size_t position);
/// "map at position 3 of vector 0, loops [1, 2], layer conv1 fwd".
std::string describe(const InstanceLocation &);

} // namespace arsis::isa
