// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vector unit: a pipeline that instructions enter in order, one after the other. Cycles of an instruction
// alone: timing/VectorUnit.h. What its start-up costs is a matter of what came before:
//
//   - An instruction enters when the last beat of the one before it has entered. Its results are there
//     `vector.startup_cycles` after its own last beat. So back to back the start-up is hidden, and an
//     instruction that finds the unit idle shows all of it.
//   - An instruction that depends on one in the pipeline enters when the results of that one are there. It
//     depends on it if the bytes from first to last of something it reads overlap those from first to last
//     of what the other writes; a destination that is added to is read. This is the interlock by which
//     instructions of one stream behave as if executed one after the other (docs/isa.md); no counter is
//     needed for it.
//
// Does not model: forwarding of results inside the pipeline, an interlock that tells interleaved strides
// apart. Timing never depends on values. Figures: keys `vector.*`.
#pragma once

#include "simulator/units/StreamEngine.h"
#include "timing/VectorUnit.h"

namespace arsis::sim {

class VectorEngine final : public StreamEngine {
public:
  VectorEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex);
  void report(Statistics &statistics) const override;

protected:
  UnitCost costOf(const Operation &operation) const override;
  Cycle earliestStart(const Work &work, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;

private:
  struct Writing {
    Cycle completes;
    int64_t first, last; // bytes of the scratchpad
  };

  const timing::VectorUnit unit;
  Cycle free = 0;                  // the first beat of the next instruction can enter
  std::vector<Writing> inPipeline; // oldest first
  int64_t elements = 0;
  Cycle workCycles = 0;
};

} // namespace arsis::sim
