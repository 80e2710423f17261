// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The trace of a run in Chrome's JSON format, which Perfetto opens: one track per unit, more where
// instructions overlap.
#pragma once

#include "simulator/top/RunRecord.h"

#include <string>

namespace arsis::sim {

/// Throws Error if the file cannot be written.
void writeTrace(const std::string &path, const RunRecord &record, const isa::Program &program,
                double coreMhz);

} // namespace arsis::sim
