// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The drain unit of a matrix unit: accumulator rows into the scratchpad, one instruction after the other.
// Cycles: timing/MatrixArray.h.
#pragma once

#include "simulator/units/StreamEngine.h"
#include "timing/MatrixArray.h"

namespace arsis::sim {

class DrainEngine final : public StreamEngine {
public:
  DrainEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex);

protected:
  UnitCost costOf(const Operation &operation) const override;
  Cycle earliestStart(const Work &work, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;

private:
  const timing::MatrixArray array;
  Cycle free = 0; // the first row of the next instruction can be read
};

} // namespace arsis::sim
