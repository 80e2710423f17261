// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words for a program that got stuck: who waits for what, and whom that in turn waits for.
#pragma once

#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Verifier/Clocks.h"
#include "dialects/Isa/Verifier/Verifier.h"

namespace arsis::isa {

/// The instance that a cursor stands at.
InstanceLocation locateInstance(const Program &, size_t stream, const InstructionCursor &);

/// REQUIRES: no cursor that is not done can advance, and there is at least one.
Diagnostic explainDeadlock(const Program &, const std::vector<InstructionCursor> &, const Clocks &);

} // namespace arsis::isa
