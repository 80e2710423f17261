// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A matrix unit: the stream that loads weights and multiplies, and what its instructions hold of the array.
// Models: one weight port, one feed port, a weight bank that can be refilled once the last row of the last
// product that uses it has entered, results pipelined over back-to-back products. Cycles of each piece of
// work: timing/MatrixArray.h.
#pragma once

#include "simulator/units/StreamEngine.h"
#include "timing/MatrixArray.h"

namespace arsis::sim {

class MatrixEngine final : public StreamEngine {
public:
  MatrixEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex);
  void report(Statistics &statistics) const override;

protected:
  UnitCost costOf(const Operation &operation) const override;
  Cycle earliestStart(const Work &work, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;
  Cause tailCause() const override { return Cause::ArrayLatency; }

private:
  Cycle startLoad(const Instance &instance, Cycle now);
  Cycle startMultiply(const Instance &instance, Cycle now);

  struct Bank {
    Cycle loaded = 0; // its weights are in place
    Cycle used = 0;   // the last row of the last product that uses it has entered
  };
  const timing::MatrixArray array;
  std::vector<Bank> banks;
  Cycle loadPortFree = 0, feedFree = 0;
  Cycle feedCycles = 0, loadCycles = 0, gatherCycles = 0;
};

} // namespace arsis::sim
