// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DrainEngine.h.
#include "simulator/units/DrainEngine.h"
#include "simulator/isa/Nest.h"
#include "simulator/units/Walks.h"

#include <algorithm>

namespace arsis::sim {

DrainEngine::DrainEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                         size_t streamIndex)
    : StreamEngine(name, board, chip, streamIndex, Reads::Variants), array(chip) {}

UnitCost DrainEngine::costOf(const Operation &operation) const {
  const auto &op = std::get<DrainOperation>(operation);
  const View<Box3> &to = op.destination;
  const timing::ArrayUse use =
      array.drain(walkOf(axesOf(op.mCount, to.stride, to.type),
                         axesOf<1>({op.nCount}, {op.columnStride}, to.type), to.type, to.address));
  return {product(op.mCount), use.cycles, timing::MatrixArray::kDrainPipelineCycles,
          static_cast<double>(use.words) / static_cast<double>(use.cycles)};
}

Cycle DrainEngine::earliestStart(const Work &, Cycle now, Cause &cause) {
  cause = Cause::ScratchpadConflict; // the account already covers the running instruction
  return std::max(now, free);
}

Cycle DrainEngine::start(Instance &instance, Cycle now) {
  const UnitCost &cost = instance.work.variant->cost;
  const Cycle cycles = cost.cycles + contend(cost, now);
  busyUntil(instance.location, now + scaled(cost.ideal, instance.factor));
  free = now + scaled(cycles, instance.factor);
  stallUntil(instance.location, Cause::ScratchpadConflict, free);
  return free + scaled(cost.latency, instance.factor);
}

} // namespace arsis::sim
