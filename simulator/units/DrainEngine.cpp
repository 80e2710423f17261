// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DrainEngine.h.
#include "simulator/units/DrainEngine.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Nest.h"

#include <algorithm>

namespace arsis::sim {

Cycle DrainEngine::earliestStart(const Operation &, Cycle now, Cause &cause) {
  cause = Cause::ScratchpadConflict; // the account already covers the running instruction
  return std::max(now, free);
}

Cycle DrainEngine::start(Instance &instance, Cycle now) {
  const auto &op = std::get<DrainOperation>(instance.operation);
  const int64_t size = numerics::sizeInBytes(op.destination.type), rows = product(op.mCount);
  const BankUse row = board.scratchpad.use(op.nCount, op.columnStride * size, size);
  Cycle cycles = rows * row.cycles;
  cycles += board.scratchpad.contend(now, cycles, row.words / static_cast<double>(row.cycles));
  busyUntil(instance.location, now + scaled(rows, instance.factor));
  free = now + scaled(cycles, instance.factor);
  account.stallUntil(Cause::ScratchpadConflict, free);
  return free + scaled(kPipelineCycles, instance.factor);
}

} // namespace arsis::sim
