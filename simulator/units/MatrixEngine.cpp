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
      ports(array.pipeline.latency, chip.integer("matrix.weight_banks")) {}

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
  if (loads(*work.variant)) {
    cause = ports.bankFree(work.bank) >= ports.loadPortFree() ? Cause::WeightBank : Cause::WeightLoad;
    return std::max(now, ports.loadFrom(work.bank));
  }
  cause = ports.loaded(work.bank) > ports.feedPortFree() ? Cause::WeightLoad : Cause::ScratchpadConflict;
  return std::max(now, ports.feedFrom(work.bank));
}

Cycle MatrixEngine::start(Instance &instance, Cycle now) {
  return loads(*instance.work.variant) ? startLoad(instance, now) : startMultiply(instance, now);
}

Cycle MatrixEngine::startLoad(const Instance &instance, Cycle now) {
  const UnitCost &cost = instance.work.variant->cost;
  const Cycle cycles = scaled(cost.cycles + contend(cost, now), instance.factor);
  loadCycles += cycles;
  return ports.load(instance.work.bank, now, cycles);
}

Cycle MatrixEngine::startMultiply(const Instance &instance, Cycle now) {
  const UnitCost &cost = instance.work.variant->cost;
  const Cycle feed = cost.cycles + contend(cost, now);
  const Cycle busy = scaled(cost.ideal, instance.factor), whole = scaled(feed, instance.factor);
  busyUntil(instance.location, now + busy);
  stallUntil(instance.location, Cause::ScratchpadConflict, now + whole);
  feedCycles += busy;
  gatherCycles += whole - busy;
  const timing::ArrayProduct times = ports.feed(instance.work.bank, now, whole, cost.reduced, cost.columns);
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
