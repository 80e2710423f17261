// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See VectorEngine.h.
#include "simulator/units/VectorEngine.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Nest.h"
#include "simulator/units/Work.h"

#include <algorithm>
#include <cmath>

namespace arsis::sim {

VectorEngine::VectorEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                           size_t streamIndex)
    : StreamEngine(name, board, chip, streamIndex), lanes(chip.integer("vector.lanes")),
      startup(chip.integer("vector.startup_cycles")), simple(chip.real("vector.cycles_simple")),
      reciprocal(chip.real("vector.cycles_reciprocal")), rsqrt(chip.real("vector.cycles_rsqrt")),
      exp(chip.real("vector.cycles_exp")), log(chip.real("vector.cycles_log")),
      tanh(chip.real("vector.cycles_tanh")) {}

Cycle VectorEngine::earliestStart(const Operation &, Cycle now, Cause &cause) {
  cause = Cause::ScratchpadConflict; // the account already covers the running instruction
  return std::max(now, free);
}

double VectorEngine::cyclesOf(const Operation &operation) const {
  auto *map = std::get_if<MapOperation>(&operation);
  if (!map)
    return simple;
  switch (map->function) {
  case numerics::VectorFunction::Reciprocal:
    return reciprocal;
  case numerics::VectorFunction::Rsqrt:
    return rsqrt;
  case numerics::VectorFunction::Exp:
    return exp;
  case numerics::VectorFunction::Log:
    return log;
  case numerics::VectorFunction::Tanh:
    return tanh;
  default:
    return simple;
  }
}

BankUse VectorEngine::beat(const View<Box4> &view, const Box4 &count) const {
  const int64_t size = numerics::sizeInBytes(view.type);
  // The dimension that the lanes run along first, and how often it fits.
  size_t d = 3;
  while (d > 0 && count[d] == 1)
    --d;
  const int64_t n = std::min(lanes, count[d]);
  BankUse use = board.scratchpad.use(n, view.stride[d] * size, size);
  const int64_t rows = std::min((lanes + n - 1) / n, product(count) / count[d]);
  if (rows <= 1 || (d > 0 && view.stride[d - 1] == 0))
    return use;
  const bool dense = d > 0 && view.stride[d - 1] == view.stride[d] * count[d];
  if (dense)
    return board.scratchpad.use(std::min(lanes, n * rows), view.stride[d] * size, size);
  return board.scratchpad.combine(use, {1, use.words * static_cast<double>(rows - 1)});
}

BankUse VectorEngine::bankUse(const Operation &operation) const {
  const Scratchpad &banks = board.scratchpad;
  if (auto *op = std::get_if<MapOperation>(&operation)) {
    BankUse use = beat(op->destination, op->count);
    for (unsigned p = 0; p < numerics::operandCount(op->function); ++p)
      use = banks.combine(use, beat(op->operands[p], op->count));
    return use;
  }
  if (auto *op = std::get_if<ReduceOperation>(&operation))
    return beat(op->source, op->count);
  if (auto *op = std::get_if<PoolOperation>(&operation))
    return beat(op->source, op->count);
  const auto &op = std::get<PoolGradOperation>(operation);
  // Each beat reads the destination and writes it back; Max also reads x.
  BankUse use = beat(op.destination, op.count);
  use = banks.combine(use, use);
  return op.function == numerics::ReduceFunction::Max ? banks.combine(use, beat(op.x, op.count)) : use;
}

Cycle VectorEngine::start(Instance &instance, Cycle now) {
  const Operation &operation = instance.operation;
  const int64_t count = vectorElements(operation);
  const int64_t beats = (count + lanes - 1) / lanes;
  double work = static_cast<double>(beats) * cyclesOf(operation);
  if (auto *op = std::get_if<ReduceOperation>(&operation); op && op->mask == 8) {
    constexpr int64_t kTreeLevels = 4; // 16 architectural lanes
    work +=
        static_cast<double>((product(op->count) / op->count[3] * kTreeLevels + lanes - 1) / lanes) * simple;
  }
  const auto ideal = static_cast<Cycle>(std::ceil(work));
  const BankUse use = bankUse(operation);
  Cycle cycles = std::max(ideal, beats * use.cycles);
  cycles += board.scratchpad.contend(now + startup, cycles,
                                     use.words * static_cast<double>(beats) / static_cast<double>(cycles));

  const Cycle fill = scaled(startup, instance.factor), busy = scaled(ideal, instance.factor);
  account.stallUntil(Cause::Startup, now + fill);
  busyUntil(instance.location, now + fill + busy);
  free = now + fill + scaled(cycles, instance.factor);
  account.stallUntil(Cause::ScratchpadConflict, free);
  elements += count;
  workCycles += busy;
  return free;
}

void VectorEngine::report(Statistics &statistics) const {
  const std::string prefix = std::string(basename()) + ".";
  statistics.add(prefix + "elements", "elements", "elements worked on, window positions one by one",
                 static_cast<double>(elements));
  statistics.add(prefix + "lane_utilisation", "1",
                 "elements per lane and busy cycle; below 1 for slow functions and ragged beats",
                 workCycles > 0 ? static_cast<double>(elements) / static_cast<double>(workCycles * lanes)
                                : 0.0);
}

} // namespace arsis::sim
