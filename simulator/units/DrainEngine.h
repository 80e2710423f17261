// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The drain unit of a matrix unit: one accumulator row per cycle into the scratchpad, after a pipeline of two
// stages (read, cast and write; assumed). A row takes longer when its columns fall into the same scratchpad
// bank. Does not model: conflicts with the array at the accumulators (separate ports assumed).
#pragma once

#include "simulator/units/StreamEngine.h"

namespace arsis::sim {

class DrainEngine final : public StreamEngine {
public:
  using StreamEngine::StreamEngine;

protected:
  Cycle earliestStart(const Operation &operation, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;

private:
  static constexpr Cycle kPipelineCycles = 2;
  Cycle free = 0; // the first row of the next instruction can be read
};

} // namespace arsis::sim
