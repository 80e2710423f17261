// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See VectorEngine.h.
#include "simulator/units/VectorEngine.h"
#include "simulator/isa/Nest.h"
#include "simulator/units/Walks.h"
#include "simulator/units/Work.h"

#include <algorithm>

namespace arsis::sim {
namespace {

/// An operand of an instruction: the elements of a pass over them, and the positions of a window at each.
struct Operand {
  Box4 count;
  View<Box4> view;
  std::array<int64_t, 2> window = {1, 1}, windowStride = {0, 0};
  bool read = true;

  int64_t passes() const { return product(window); }
};

struct Operands {
  std::array<Operand, 4> all;
  size_t size = 0;
  void add(const Operand &operand) { all[size++] = operand; }
};

/// What an instruction writes comes first.
Operands operandsOf(const Operation &operation) {
  Operands operands;
  if (auto *op = std::get_if<MapOperation>(&operation)) {
    operands.add({op->count, op->destination});
    operands.all[0].read = false;
    for (unsigned p = 0; p < numerics::operandCount(op->function); ++p)
      operands.add({op->count, op->operands[p]});
  } else if (auto *op = std::get_if<ReduceOperation>(&operation)) {
    Box4 kept = op->count;
    for (size_t d = 0; d < kept.size(); ++d)
      if (op->mask >> d & 1)
        kept[d] = 1;
    operands.add({kept, op->destination});
    operands.all[0].read = op->accumulate;
    operands.add({op->count, op->source});
  } else if (auto *op = std::get_if<PoolOperation>(&operation)) {
    operands.add({op->count, op->destination});
    operands.all[0].read = false;
    operands.add({op->count, op->source, op->window, op->windowStride});
  } else if (auto *op = std::get_if<ExternalOperation>(&operation)) {
    auto add = [&](const isa::ExternalOperand &from, bool read) {
      operands.add(
          {from.count, {from.address, from.stride, from.type}, from.window, from.windowStride, read});
    };
    add(op->work->result, false);
    for (const isa::ExternalOperand &operand : op->work->operands)
      add(operand, true);
  } else {
    // The gradient stays in the lanes; each position of the window adds to the destination, for Max where the
    // maximum is found.
    const auto &grad = std::get<PoolGradOperation>(operation);
    operands.add({grad.count, grad.destination, grad.window, grad.windowStride});
    operands.add({grad.count, grad.gradient});
    if (grad.function == numerics::ReduceFunction::Max)
      operands.add({grad.count, grad.x, grad.window, grad.windowStride});
  }
  return operands;
}

/// First and last byte of an operand.
std::pair<int64_t, int64_t> bytesOf(const Operand &operand) {
  const auto size = static_cast<int64_t>(numerics::sizeInBytes(operand.view.type));
  int64_t first = operand.view.address, last = first + size - 1;
  const auto reach = [&](int64_t count, int64_t stride) {
    (stride < 0 ? first : last) += (count - 1) * stride * size;
  };
  for (size_t d = 0; d < operand.count.size(); ++d)
    reach(operand.count[d], operand.view.stride[d]);
  for (size_t d = 0; d < operand.window.size(); ++d)
    reach(operand.window[d], operand.windowStride[d]);
  return {first, last};
}

timing::VectorWork workOf(const Operation &operation, const Operands &operands,
                          const timing::VectorUnit &unit) {
  timing::VectorWork work;
  auto *external = std::get_if<ExternalOperation>(&operation);
  const Operand &widest = operands.all[operands.size - 1]; // of a pool or a reduction its source
  work.elements = product(widest.count);
  for (size_t i = 0; i < operands.size; ++i) {
    const Operand &operand = operands.all[i];
    work.passes = std::max(work.passes, operand.passes());
    if (external)
      work.elements = std::max(work.elements, product(operand.count));
    // A destination that is added to is read and written.
    work.add({axesOf(operand.count, operand.view.stride, operand.view.type),
              static_cast<int64_t>(numerics::sizeInBytes(operand.view.type)), operand.view.address,
              operand.passes() * (i == 0 && operand.read ? 2 : 1)});
  }
  auto *map = std::get_if<MapOperation>(&operation);
  work.cyclesPerElement = unit.cyclesOf(map ? map->function : numerics::VectorFunction::Copy);
  if (external)
    work.cyclesPerElement =
        static_cast<double>(external->work->times) * unit.cyclesOf(external->work->costsAs);
  if (external ? external->work->reduces : std::holds_alternative<ReduceOperation>(operation))
    work.results = product(operands.all[0].count);
  return work;
}

} // namespace

VectorEngine::VectorEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip,
                           size_t streamIndex)
    : StreamEngine(name, board, chip, streamIndex, Reads::Operands), unit(chip) {}

UnitCost VectorEngine::costOf(const Operation &operation) const {
  const timing::VectorUse use = unit.use(workOf(operation, operandsOf(operation), unit));
  return {use.ideal, use.cycles, unit.figures.startup,
          static_cast<double>(use.words) / static_cast<double>(use.cycles), vectorElements(operation)};
}

Cycle VectorEngine::earliestStart(const Work &work, Cycle now, Cause &cause) {
  cause = Cause::ScratchpadConflict; // the account already covers the running instruction
  Cycle start = std::max(now, free);
  inPipeline.erase(inPipeline.begin(), std::find_if(inPipeline.begin(), inPipeline.end(),
                                                    [&](const Writing &w) { return w.completes > now; }));
  if (inPipeline.empty())
    return start;
  const Operands operands = operandsOf(work.operation);
  for (size_t i = 0; i < operands.size; ++i) {
    if (!operands.all[i].read)
      continue;
    const auto [first, last] = bytesOf(operands.all[i]);
    for (const Writing &writing : inPipeline)
      if (writing.completes > start && writing.first <= last && first <= writing.last) {
        start = writing.completes;
        cause = Cause::Startup;
      }
  }
  return start;
}

Cycle VectorEngine::start(Instance &instance, Cycle now) {
  const UnitCost &cost = instance.work.variant->cost;
  const Cycle cycles = cost.cycles + contend(cost, now);

  const Cycle busy = scaled(cost.ideal, instance.factor);
  busyUntil(instance.location, now + busy);
  free = now + scaled(cycles, instance.factor);
  stallUntil(instance.location, Cause::ScratchpadConflict, free);
  Cycle completes = free + scaled(cost.latency, instance.factor);
  if (!inPipeline.empty())
    completes = std::max(completes, inPipeline.back().completes); // in order
  const auto [first, last] = bytesOf(operandsOf(instance.work.operation).all[0]);
  inPipeline.push_back({completes, first, last});
  elements += cost.elements;
  workCycles += busy;
  return completes;
}

void VectorEngine::report(Statistics &statistics) const {
  const std::string prefix = std::string(basename()) + ".";
  statistics.add(prefix + "elements", "elements", "elements worked on, window positions one by one",
                 static_cast<double>(elements));
  statistics.add(prefix + "lane_utilisation", "1",
                 "elements per lane and busy cycle; below 1 for slow functions, ragged beats and reductions",
                 workCycles > 0
                     ? static_cast<double>(elements) / static_cast<double>(workCycles * unit.figures.lanes)
                     : 0.0);
}

} // namespace arsis::sim
