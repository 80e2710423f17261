// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The trace of a run in Chrome's JSON format, which Perfetto opens: one track per unit, more where
// instructions overlap.
#pragma once

#include "simulator/top/RunRecord.h"

#include <ostream>

namespace arsis::sim {

void writeTrace(std::ostream &out, const RunRecord &record, const isa::Program &program, double coreMhz);

} // namespace arsis::sim
