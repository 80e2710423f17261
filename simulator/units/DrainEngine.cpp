// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DrainEngine.h.
#include "simulator/units/DrainEngine.h"
#include "simulator/isa/Nest.h"
#include "simulator/units/Walks.h"

#include <algorithm>

namespace arsis::sim {

DrainEngine::DrainEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                         size_t streamIndex)
    : StreamEngine(name, board, chip, streamIndex), array(chip) {}

Cycle DrainEngine::earliestStart(const Operation &, Cycle now, Cause &cause) {
  cause = Cause::ScratchpadConflict; // the account already covers the running instruction
  return std::max(now, free);
}

Cycle DrainEngine::start(Instance &instance, Cycle now) {
  const auto &op = std::get<DrainOperation>(instance.operation);
  const View<Box3> &to = op.destination;
  const timing::ArrayUse use =
      array.drain(walkOf(axesOf(op.mCount, to.stride, to.type),
                         axesOf<1>({op.nCount}, {op.columnStride}, to.type), to.type, to.address));
  const Cycle cycles =
      use.cycles + board.scratchpad.contend(now, use.cycles,
                                            static_cast<double>(use.words) / static_cast<double>(use.cycles));
  busyUntil(instance.location, now + scaled(product(op.mCount), instance.factor));
  free = now + scaled(cycles, instance.factor);
  stallUntil(instance.location, Cause::ScratchpadConflict, free);
  return free + scaled(timing::MatrixArray::kDrainPipelineCycles, instance.factor);
}

} // namespace arsis::sim
