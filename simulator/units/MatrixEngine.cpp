// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See MatrixEngine.h.
#include "simulator/units/MatrixEngine.h"
#include "simulator/isa/Nest.h"
#include "simulator/units/Walks.h"

#include <algorithm>

namespace arsis::sim {

MatrixEngine::MatrixEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                           size_t streamIndex)
    : StreamEngine(name, board, chip, streamIndex), array(chip),
      ports(array.pipeline.latency, chip.integer("matrix.weight_banks")) {}

Cycle MatrixEngine::earliestStart(const Operation &operation, Cycle now, Cause &cause) {
  if (auto *load = std::get_if<LoadWeightsOperation>(&operation)) {
    cause = ports.bankFree(load->bank) >= ports.loadPortFree() ? Cause::WeightBank : Cause::WeightLoad;
    return std::max(now, ports.loadFrom(load->bank));
  }
  const int64_t bank = std::get<MultiplyOperation>(operation).bank;
  cause = ports.loaded(bank) > ports.feedPortFree() ? Cause::WeightLoad : Cause::ScratchpadConflict;
  return std::max(now, ports.feedFrom(bank));
}

Cycle MatrixEngine::start(Instance &instance, Cycle now) {
  if (auto *load = std::get_if<LoadWeightsOperation>(&instance.operation))
    return startLoad(*load, instance, now);
  return startMultiply(std::get<MultiplyOperation>(instance.operation), instance, now);
}

Cycle MatrixEngine::startLoad(const LoadWeightsOperation &op, const Instance &instance, Cycle now) {
  const ElementType type = op.source.type;
  const timing::ArrayUse use =
      array.load(walkOf(axesOf(op.kCount, op.source.stride, type), axesOf<1>({op.nCount}, {op.nStride}, type),
                        type, op.source.address),
                 type);
  const Cycle cycles = scaled(use.cycles + contend(use, now), instance.factor);
  loadCycles += cycles;
  return ports.load(op.bank, now, cycles);
}

Cycle MatrixEngine::contend(const timing::ArrayUse &use, Cycle now) {
  return board.scratchpad.contend(now, use.cycles,
                                  static_cast<double>(use.words) / static_cast<double>(use.cycles));
}

Cycle MatrixEngine::startMultiply(const MultiplyOperation &op, const Instance &instance, Cycle now) {
  const ElementType type = op.source.type;
  const timing::ArrayUse use =
      array.feed(walkOf(axesOf(op.mCount, op.source.stride, type), axesOf(op.kCount, op.kStride, type), type,
                        op.source.address),
                 type);
  const Cycle ideal = product(op.mCount) * array.passes.of(type), feed = use.cycles + contend(use, now);

  const Cycle busy = scaled(ideal, instance.factor), whole = scaled(feed, instance.factor);
  busyUntil(instance.location, now + busy);
  stallUntil(instance.location, Cause::ScratchpadConflict, now + whole);
  feedCycles += busy;
  gatherCycles += whole - busy;
  const timing::ArrayProduct times = ports.feed(op.bank, now, whole, product(op.kCount), op.columns);
  return times.fed + scaled(times.last - times.fed, instance.factor);
}

void MatrixEngine::report(Statistics &statistics) const {
  const std::string prefix = std::string(basename()) + ".";
  statistics.add(prefix + "feed_cycles", "cycles", "cycles in which a row entered the array",
                 static_cast<double>(feedCycles));
  statistics.add(prefix + "weight_load_cycles", "cycles", "cycles of the weight port, hidden or not",
                 static_cast<double>(loadCycles));
  statistics.add(prefix + "operand_stall_cycles", "cycles",
                 "cycles a product lost to operands that scratchpad banks could not deliver in time",
                 static_cast<double>(gatherCycles));
}

} // namespace arsis::sim
