// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vector unit. Models: startup, then ceil(elements / lanes) beats of the function's cycles each; elements
// are packed over all four dimensions; a beat takes longer when its operands do not fit the scratchpad banks.
// A reduction along dimension 3 adds the four levels of the architectural lane tree for each result. One
// instruction at a time. Does not model: overlap of the startup with the previous instruction, chaining.
// Figures: keys `vector.*`.
#pragma once

#include "simulator/units/StreamEngine.h"

namespace arsis::sim {

class VectorEngine final : public StreamEngine {
public:
  VectorEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex);
  void report(Statistics &statistics) const override;

protected:
  Cycle earliestStart(const Operation &operation, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;

private:
  double cyclesOf(const Operation &operation) const;
  BankUse bankUse(const Operation &operation) const;
  /// Bank use of one beat of `lanes` elements of `view` under the loop nest `count`.
  BankUse beat(const View<Box4> &view, const Box4 &count) const;

  const int64_t lanes, startup;
  double simple, reciprocal, rsqrt, exp, log, tanh; // cycles per element and lane
  Cycle free = 0;
  int64_t elements = 0;
  Cycle workCycles = 0;
};

} // namespace arsis::sim
