// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The trace of a run in Chrome's JSON form (the Trace Event Format), which Perfetto opens. Three processes:
// layers with a track per phase, units with a track for work and one for waiting each, and counters.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "simulator/top/RunRecord.h"
#include "simulator/top/Session.h"

#include <memory>
#include <ostream>

namespace arsis::sim {

/// Null if no trace is asked for. Throws Error for one that a run cannot have, before the step changes a
/// value.
std::unique_ptr<OutputFile> createTrace(const RunOptions &options, const isa::Program &program);

/// REQUIRES: record.tracer. Throws Error if the run ends before the trace's window begins.
void writeTrace(std::ostream &out, const RunRecord &record, const isa::Program &program,
                const chip::Chip &chip);

} // namespace arsis::sim
