// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See MatrixEngine.h.
#include "simulator/units/MatrixEngine.h"
#include "simulator/isa/Nest.h"
#include "simulator/units/Walks.h"

#include <algorithm>

namespace arsis::sim {

MatrixEngine::MatrixEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                           size_t streamIndex)
    : StreamEngine(name, board, chip, streamIndex, Reads::Variants), array(chip),
      banks(static_cast<size_t>(chip.integer("matrix.weight_banks"))) {}

UnitCost MatrixEngine::costOf(const Operation &operation) const {
  timing::ArrayUse use;
  UnitCost cost;
  if (auto *load = std::get_if<LoadWeightsOperation>(&operation)) {
    const ElementType type = load->source.type;
    use = array.load(walkOf(axesOf(load->kCount, load->source.stride, type),
                            axesOf<1>({load->nCount}, {load->nStride}, type), type, load->source.address),
                     type);
  } else {
    const auto &op = std::get<MultiplyOperation>(operation);
    const ElementType type = op.source.type;
    use = array.feed(walkOf(axesOf(op.mCount, op.source.stride, type), axesOf(op.kCount, op.kStride, type),
                            type, op.source.address),
                     type);
    cost.ideal = product(op.mCount) * array.passes.of(type);
    cost.reduced = product(op.kCount);
    cost.columns = op.columns;
  }
  cost.cycles = use.cycles;
  cost.wordsPerCycle = static_cast<double>(use.words) / static_cast<double>(use.cycles);
  return cost;
}

/// Only a load leaves weights.
static bool loads(const Variant &variant) { return variant.weights.rows > 0; }

Cycle MatrixEngine::earliestStart(const Work &work, Cycle now, Cause &cause) {
  const Bank &bank = banks[work.bank];
  if (loads(*work.variant)) {
    cause = bank.used >= loadPortFree ? Cause::WeightBank : Cause::WeightLoad;
    return std::max({now, bank.used, loadPortFree});
  }
  cause = bank.loaded > feedFree ? Cause::WeightLoad : Cause::ScratchpadConflict;
  return std::max({now, bank.loaded, feedFree});
}

Cycle MatrixEngine::start(Instance &instance, Cycle now) {
  return loads(*instance.work.variant) ? startLoad(instance, now) : startMultiply(instance, now);
}

Cycle MatrixEngine::startLoad(const Instance &instance, Cycle now) {
  const UnitCost &cost = instance.work.variant->cost;
  const Cycle cycles = scaled(cost.cycles + contend(cost, now), instance.factor);
  loadPortFree = now + cycles;
  banks[instance.work.bank].loaded = loadPortFree;
  loadCycles += cycles;
  return loadPortFree;
}

Cycle MatrixEngine::startMultiply(const Instance &instance, Cycle now) {
  const UnitCost &cost = instance.work.variant->cost;
  const Cycle feed = cost.cycles + contend(cost, now);
  const Cycle busy = scaled(cost.ideal, instance.factor), whole = scaled(feed, instance.factor);
  busyUntil(instance.location, now + busy);
  stallUntil(instance.location, Cause::ScratchpadConflict, now + whole);
  feedFree = now + whole;
  Bank &bank = banks[instance.work.bank];
  bank.used = std::max(bank.used, feedFree);
  feedCycles += busy;
  gatherCycles += whole - busy;
  return feedFree + scaled(timing::MatrixArray::latency(cost.reduced, cost.columns), instance.factor);
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
