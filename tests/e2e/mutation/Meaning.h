// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether two programs that both have been verified do the same: instance by instance, after every operand is
// evaluated.
#ifndef ARSIS_TESTS_E2E_MUTATION_MEANING_H
#define ARSIS_TESTS_E2E_MUTATION_MEANING_H

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/Program.h"

namespace arsis::mutation {

/// True if every instance of every stream moves and computes the same elements in the same order. Operands
/// that have no effect do not count: strides of dimensions of size one, the part of a store outside its
/// tensor, a ring index modulo its slots. Waits and increments do not count either: of two programs that the
/// verifier accepts, they only change when something happens. REQUIRES: both programs resolve without error.
bool sameMeaning(const isa::Program &a, const isa::Program &b, int64_t weightBanks);

/// True if `changed` differs from `original` only by work that nobody sees: some instances have larger
/// extents (and agree in all other operands), and no byte that they write beyond the original's is read
/// before it is overwritten, nor any of them in DRAM. Then every byte that the original reads holds the same
/// value in both. REQUIRES: the verifier accepts both.
bool onlyDeadWorkAdded(const isa::Program &original, const isa::Program &changed, const chip::Chip &chip);

} // namespace arsis::mutation

#endif
