// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The trace of a run in Chrome's JSON form (the Trace Event Format), which Perfetto opens. Three processes:
// layers with a track per phase, units with a track for work and one for waiting each, and counters.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "simulator/top/RunRecord.h"

#include <ostream>

namespace arsis::sim {

/// REQUIRES: record.tracer. Throws Error if the run ends before the trace's window begins.
void writeTrace(std::ostream &out, const RunRecord &record, const isa::Program &program,
                const chip::Chip &chip);

} // namespace arsis::sim
