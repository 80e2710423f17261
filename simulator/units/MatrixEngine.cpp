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
      banks(static_cast<size_t>(chip.integer("matrix.weight_banks"))) {}

Cycle MatrixEngine::earliestStart(const Operation &operation, Cycle now, Cause &cause) {
  if (auto *load = std::get_if<LoadWeightsOperation>(&operation)) {
    const Cycle bankFree = banks[static_cast<size_t>(load->bank)].used;
    cause = bankFree >= loadPortFree ? Cause::WeightBank : Cause::WeightLoad;
    return std::max({now, bankFree, loadPortFree});
  }
  const Cycle loaded = banks[static_cast<size_t>(std::get<MultiplyOperation>(operation).bank)].loaded;
  cause = loaded > feedFree ? Cause::WeightLoad : Cause::ScratchpadConflict;
  return std::max({now, loaded, feedFree});
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
  loadPortFree = now + cycles;
  banks[static_cast<size_t>(op.bank)].loaded = loadPortFree;
  loadCycles += cycles;
  return loadPortFree;
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
  const Cycle latency = scaled(timing::MatrixArray::latency(product(op.kCount), op.columns), instance.factor);
  busyUntil(instance.location, now + busy);
  stallUntil(instance.location, Cause::ScratchpadConflict, now + whole);
  feedFree = now + whole;
  Bank &bank = banks[static_cast<size_t>(op.bank)];
  bank.used = std::max(bank.used, feedFree);
  feedCycles += busy;
  gatherCycles += whole - busy;
  return feedFree + latency;
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
