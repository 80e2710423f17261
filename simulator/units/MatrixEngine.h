// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A matrix unit: the stream that loads weights and multiplies, and what its instructions hold of the array.
// How pieces of work follow each other on it: timing/WeightStationary.h; what each asks of the scratchpad and
// how long it holds a port: timing/MatrixArray.h.
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

  const timing::MatrixArray array;
  timing::WeightStationary ports;
  Cycle feedCycles = 0, loadCycles = 0, gatherCycles = 0;
};

} // namespace arsis::sim
