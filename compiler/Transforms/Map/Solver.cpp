// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Solver.h.
#include "compiler/Transforms/Map/Solver.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/IR/Diagnostics.h"

#include <limits>

using namespace mlir;

namespace arsis::compiler {

using schedule::Infeasible, schedule::Pins, schedule::Solution, schedule::Space;

/// Decisions that the operation's own attributes already hold.
static LogicalResult addPinsOf(Operation *op, const Space &space, Pins &pins) {
  if (auto scheduled = dyn_cast<nn::ScheduledOpInterface>(op))
    pins = pinsOf(scheduled.getScheduleAttr());
  for (nn::ReductionOpInterface reduction : reductionsOf(op)) {
    nn::PlanAttr plan = reduction.getPlanAttr();
    if (!plan)
      continue;
    const auto dims = reduction.getReductionDims();
    if (dims.size() != plan.getChunks().size())
      return ofKind(ErrorKind::Input, op->emitError("the plan has "))
             << plan.getChunks().size() << " dimensions, expected " << dims.size();
    for (auto [chunk, dim] : llvm::zip(plan.getChunks(), dims)) {
      const std::string field = space.planField(dim.name.str());
      if (field.empty())
        continue;
      auto [pin, isNew] = pins.numbers.try_emplace(field, chunk);
      // A chunk longer than the dimension is the whole of it.
      if (std::min(pin->second, dim.size) != std::min(chunk, dim.size))
        return ofKind(ErrorKind::Input, op->emitError("the plan has chunks of "))
               << chunk << " along " << dim.name << ", the schedule's field '" << field << "' is "
               << pin->second;
      pin->second = chunk;
    }
  }
  return success();
}

static std::string signature(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << op->getName() << op->getAttrDictionary();
  for (Type type : op->getOperandTypes())
    stream << type;
  for (Type type : op->getResultTypes())
    stream << type;
  stream << viewsOf(op);
  if (Block *body = nn::bodyOf(op))
    for (Operation &inner : *body)
      inner.print(stream << "\n", OpPrintingFlags().useLocalScope());
  return text;
}

static std::string textOf(const Space &space, const Solution &solution) {
  return "strategy " + space.strategy + " with " + std::to_string(int64_t(solution.best.estimate.cycles)) +
         " cycles";
}

FailureOr<Found> Solver::cheapest(Operation *op, const std::vector<std::unique_ptr<Space>> &spaces,
                                  const Pins &pins) {
  std::optional<Found> best;
  std::string reasons, alike;
  for (auto [number, space] : llvm::enumerate(spaces)) {
    Pins all;
    if (failed(addPinsOf(op, *space, all)))
      return failure();
    for (const auto &[field, value] : pins.numbers)
      all.numbers[field] = value;
    if (!pins.loops.empty())
      all.loops = pins.loops;
    all.strategy = pins.strategy;
    if (number == 0 && all.empty())
      alike = signature(op);
    if (auto known = solved.find(alike); !alike.empty() && known != solved.end())
      return known->second;
    const Looked &found = look(all.empty() ? alike : "", number, *space, all);
    const auto &[candidates, why] = found;
    std::optional<Solution> solution;
    if (candidates) {
      solution = cheapestOf(*space, model, *candidates);
      considered += solution->considered;
      priced += solution->priced;
    }
    if (!solution) {
      reasons += (reasons.empty() ? "" : "; or ") + why.reason;
      continue;
    }
    const bool isBetter = !best || solution->cost < best->solution.cost;
    std::string others = best ? best->others : "";
    if (best)
      others += "; " + (isBetter ? textOf(*spaces[best->space], best->solution) : textOf(*space, *solution));
    if (isBetter)
      best = {number, std::move(*solution), ""};
    best->others = others;
  }
  if (!best)
    return ofKind(ErrorKind::Infeasible, op->emitError("no schedule of "))
           << op->getName() << " is feasible: " << reasons;
  ++solutions;
  if (!alike.empty()) {
    solved.insert({alike, *best});
    for (size_t number = 0; number < spaces.size(); ++number)
      looked.erase({alike, number});
  }
  return *best;
}

const Solver::Looked &Solver::look(const std::string &alike, size_t number, const Space &space,
                                   const Pins &pins) {
  if (const auto known = looked.find({alike, number}); !alike.empty() && known != looked.end())
    return known->second;
  Looked found;
  found.candidates = candidatesOf(space, pins, found.why);
  return looked[{alike, number}] = std::move(found);
}

double Solver::roughCostOf(Operation *op) {
  const std::string alike = signature(op);
  if (const auto known = rough.find(alike); known != rough.end())
    return known->second;
  ScopedDiagnosticHandler quiet(op->getContext(), [](Diagnostic &) { return success(); });
  double least = std::numeric_limits<double>::infinity();
  for (auto [number, space] : llvm::enumerate(spacesOf(op, model.limits))) {
    Pins pins;
    if (failed(addPinsOf(op, *space, pins)))
      continue;
    if (const auto &found = look(pins.empty() ? alike : "", number, *space, pins).candidates)
      least = std::min(least, found->least());
  }
  rough.insert({alike, least});
  return least;
}

std::optional<Solution> Solver::solutionOf(Operation *op) {
  ScopedDiagnosticHandler quiet(op->getContext(), [](Diagnostic &) { return success(); });
  FailureOr<Found> found = cheapest(op, spacesOf(op, model.limits), {});
  return succeeded(found) ? std::optional(found->solution) : std::nullopt;
}

double Solver::costOf(Operation *op) {
  const std::optional<Solution> solution = solutionOf(op);
  return solution ? solution->cost : std::numeric_limits<double>::infinity();
}

} // namespace arsis::compiler
