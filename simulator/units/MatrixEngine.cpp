// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See MatrixEngine.h.
#include "simulator/units/MatrixEngine.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Nest.h"

#include <algorithm>

namespace arsis::sim {

MatrixEngine::MatrixEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                           size_t streamIndex)
    : StreamEngine(name, board, chip, streamIndex), rows(chip.integer("matrix.rows")),
      columns(chip.integer("matrix.cols")), transposer(chip.integer("matrix.transposer") != 0),
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
  const int64_t size = numerics::sizeInBytes(op.source.type);
  const BankUse row = board.scratchpad.use(op.nCount, op.nStride * size, size);
  // Columns that are not contiguous are rows of a transposed block.
  const int64_t perRow = transposer && op.nStride != 1 ? 1 : row.cycles;
  Cycle cycles = product(op.kCount) * perRow;
  cycles += board.scratchpad.contend(now, cycles, row.words / static_cast<double>(row.cycles));
  cycles = scaled(cycles, instance.factor);
  loadPortFree = now + cycles;
  banks[static_cast<size_t>(op.bank)].loaded = loadPortFree;
  loadCycles += cycles;
  return loadPortFree;
}

Cycle MatrixEngine::startMultiply(const MultiplyOperation &op, const Instance &instance, Cycle now) {
  const int64_t size = numerics::sizeInBytes(op.source.type), m = product(op.mCount);
  // A row of K: contiguous pieces, several of them if the K box has outer dimensions.
  const int64_t inner = op.kCount[2], pieces = op.kCount[0] * op.kCount[1];
  const bool strided = inner > 1 && op.kStride[2] != 1;
  BankUse row = board.scratchpad.use(inner, op.kStride[2] * size, size);
  Cycle gather = 0;
  if (strided && transposer) {
    row = board.scratchpad.use(inner, size, size);
    gather = rows;
  }
  if (pieces > 1)
    row = board.scratchpad.combine(row, {1, row.words * static_cast<double>(pieces - 1)});
  const Cycle ideal = m;
  Cycle feed = m * row.cycles + gather;
  feed += board.scratchpad.contend(now, feed, row.words / static_cast<double>(row.cycles));

  const Cycle busy = scaled(ideal, instance.factor), whole = scaled(feed, instance.factor);
  const Cycle latency = scaled(rows + columns - 2, instance.factor);
  busyUntil(instance.location, now + busy);
  account.stallUntil(Cause::ScratchpadConflict, now + whole);
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
