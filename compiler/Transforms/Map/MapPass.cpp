// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Searches the schedule of every operation and writes it down. Operations that look alike (name,
// types, attributes) are solved once.
#include "compiler/Transforms/Map/Map.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Schedule/Search.h"
#include "compiler/Transforms/Map/ScheduleFile.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_MAPPASS
#include "compiler/Transforms/Map/Map.h.inc"

namespace {

using schedule::ChipModel, schedule::Estimate, schedule::Field, schedule::Infeasible;
using schedule::Pins, schedule::Plan, schedule::Solution, schedule::Space;

/// Decisions that the operation's own attributes already hold.
LogicalResult addPinsOf(Operation *op, const Space &space, Pins &pins) {
  if (auto scheduled = dyn_cast<nn::ScheduledOpInterface>(op))
    pins = pinsOf(scheduled.getScheduleAttr());
  for (nn::ReductionOpInterface reduction : reductionsOf(op)) {
    nn::PlanAttr plan = reduction.getPlanAttr();
    if (!plan)
      continue;
    const auto dims = reduction.getReductionDims();
    if (dims.size() != plan.getChunks().size())
      return op->emitError("the plan has ")
             << plan.getChunks().size() << " dimensions, expected " << dims.size();
    for (auto [chunk, dim] : llvm::zip(plan.getChunks(), dims)) {
      const std::string field = space.planField(dim.name.str());
      if (field.empty())
        continue;
      auto [pin, isNew] = pins.numbers.try_emplace(field, chunk);
      // A chunk longer than the dimension is the whole of it.
      if (std::min(pin->second, dim.size) != std::min(chunk, dim.size))
        return op->emitError("the plan has chunks of ")
               << chunk << " along " << dim.name << ", the schedule's field '" << field << "' is "
               << pin->second;
      pin->second = chunk;
    }
  }
  return success();
}

std::string signature(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << op->getName() << op->getAttrDictionary();
  for (Type type : op->getOperandTypes())
    stream << type;
  for (Type type : op->getResultTypes())
    stream << type;
  if (Block *body = nn::bodyOf(op))
    for (Operation &inner : *body)
      inner.print(stream << "\n", OpPrintingFlags().useLocalScope());
  return text;
}

std::string textOf(const std::vector<Field> &fields, const schedule::Choice &choice) {
  std::string text;
  for (auto [field, value] : llvm::zip(fields, choice)) {
    if (field.name.empty())
      continue;
    text += (text.empty() ? "" : " ") + field.name + "=";
    text += field.orders.empty() ? std::to_string(value) : llvm::join(field.orders[value], ",");
  }
  return text;
}

void emitRemark(StringRef key, Operation *op, const Space &space, const Solution &solution,
                const std::string &others) {
  const Estimate &e = solution.best.estimate;
  std::vector<Field> fields = space.fields();
  InFlightDiagnostic remark = op->emitRemark() << key << ": " << space.strategy << " with ";
  remark << textOf(fields, solution.best.choice) << ": estimated " << int64_t(e.cycles)
         << " cycles, bound by " << schedule::boundOf(e) << " (dram " << int64_t(e.dramCycles);
  static constexpr const char *kEngines[] = {"load", "store", "vector", "matrix", "drain"};
  for (auto [name, busy] : llvm::zip(kEngines, e.busy))
    if (busy > 0)
      remark << ", " << name << " " << int64_t(busy);
  remark << "); " << solution.bytes << " of " << space.limits.scratchpadBytes << " scratchpad bytes, "
         << solution.rows << " of " << space.limits.accumulatorRows << " accumulator rows; best of "
         << solution.feasible << " that fit among " << solution.considered << ", " << solution.priced
         << " priced";
  if (solution.runnerUp)
    remark << "; next " << textOf(fields, solution.runnerUp->choice) << " with "
           << int64_t(solution.runnerUp->estimate.cycles) << " cycles";
  remark << others;
}

/// The cheapest schedule of an operation: the number of its space, and what the other strategies would cost.
struct Found {
  size_t space = 0;
  Solution solution;
  std::string others;
};

class MapPass : public impl::MapPassBase<MapPass> {
public:
  using MapPassBase::MapPassBase;

  void runOnOperation() override {
    std::optional<chip::Chip> described = readChip(getOperation(), getArgument(), chip, set);
    ScheduleFile file;
    if (!described || failed(readMapping(file)))
      return signalPassFailure();
    const ChipModel model(*described);
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(recordChip(function, *described, ChipUse::First)))
        return signalPassFailure();
    if (failed(takeApart(model, file)))
      return signalPassFailure();
    bool good = true;
    llvm::StringSet<>
        failedLayers; // what does not fit in the forward pass does not in the backward pass either
    for (auto &[key, op] : scheduleKeys(getOperation())) {
      Pins pins = file.take(key);
      StringRef layer = nn::getOrigin(op->getLoc()).first;
      if (failedLayers.contains(layer) || succeeded(mapOperation(key, op, model, pins)))
        continue;
      good = false;
      if (!layer.empty())
        failedLayers.insert(layer);
    }
    for (const std::string &key : file.unused()) {
      getOperation().emitError("the schedules name '") << key << "', but there is no such operation";
      good = false;
    }
    if (auto functions = getOperation().getOps<func::FuncOp>(); explain && !functions.empty())
      (*functions.begin()).emitRemark() << tried << " schedules considered for " << solutions
                                        << " different operations, " << priced << " priced by a run";
    if (!good || failed(write()))
      signalPassFailure();
  }

private:
  LogicalResult write() {
    if (writeSchedules.empty())
      return success();
    return reported(getOperation(), [&] {
      writeFile(writeSchedules, schedulesToJson(getOperation()) + "\n");
      return success();
    });
  }

  LogicalResult readMapping(ScheduleFile &file) {
    std::string why;
    if (!mappingText.empty() && !file.parse(mappingText, "schedules", why))
      return getOperation().emitError(why);
    if (!mappingFile.empty() && !file.read(mappingFile, why))
      return getOperation().emitError(why);
    return success();
  }

  /// Units whose operations cost less alone, or that fit nowhere; what a pin or a schedule speaks of stays.
  LogicalResult takeApart(const ChipModel &model, const ScheduleFile &file) {
    for (auto &[key, op] : scheduleKeys(getOperation())) {
      Block *body = nn::bodyOf(op);
      if (!body)
        continue;
      const bool stays = cast<nn::ScheduledOpInterface>(op).getScheduleAttr() || file.has(key);
      const bool isNamed = llvm::any_of(body->without_terminator(),
                                        [&](Operation &inner) { return file.has(scheduleKey(&inner)); });
      // Gone before the unit is priced: it is solved once, and mapped as what was priced.
      const ArrayAttr stored = nn::takeStored(op);
      bool apart = !stays && isNamed;
      SmallVector<Operation *, 2> variants = nn::variantsOf(op);
      Operation *best = variants.empty() ? op : variants.front();
      if (!stays && !isNamed && failed(reported(op, [&] { // errors of a strategy from outside
            double together = costOf(best, model);
            for (Operation *variant : variants) {
              const double cost = costOf(variant, model);
              const bool named = file.has(scheduleKey(variant) + key.substr(scheduleKey(op).size()));
              if (named || cost < together)
                best = variant;
              together = named ? 0 : std::min(together, cost);
            }
            apart = std::isinf(together) || isDearer(op, stored, best, together, model);
            return success();
          })))
        return failure();
      for (Operation *variant : variants)
        if (apart || variant != best)
          variant->erase();
      if (apart) {
        SmallVector<Operation *> alone = nn::dissolve(op, stored);
        if (!file.has(scheduleKey(alone.back())))
          nn::withdrawSum(alone.back());
      } else if (best != op) {
        op->replaceAllUsesWith(best);
        op->erase();
      }
    }
    return success();
  }
  /// Whether the operations of a unit cost less alone. They cost at least what the DRAM takes for their
  /// values, which mostly decides it, and a product that keeps its arrays busy would do no better alone.
  /// `best` is the variant of the unit that costs so much together.
  bool isDearer(Operation *unit, ArrayAttr stored, Operation *best, double together, const ChipModel &model) {
    SmallVector<Operation *> alone = nn::copiesOf(unit, stored);
    int64_t bytes = 0;
    auto add = [&](Type type) {
      auto tensor = cast<RankedTensorType>(type);
      bytes += tensor.getNumElements() * (tensor.getElementTypeBitWidth() / 8);
    };
    for (Operation *op : alone) {
      llvm::for_each(op->getOperandTypes(), add);
      llvm::for_each(op->getResultTypes(), add);
    }
    constexpr double kBusy = 0.95;
    const std::optional<Solution> solution = solutionOf(best, model); // known already
    const double busy =
        solution ? solution->best.estimate.busy[static_cast<size_t>(schedule::Engine::Matrix)] : 0;
    bool dearer = together > double(bytes) / model.limits.dramBytesPerCycle && busy < kBusy * together;
    if (dearer) {
      double apart = 0;
      for (Operation *op : alone)
        apart += costOf(op, model);
      dearer = together > apart;
    }
    for (Operation *op : llvm::reverse(alone))
      op->erase();
    return dearer;
  }
  /// Cycles of the cheapest schedule; infinite if there is none.
  double costOf(Operation *op, const ChipModel &model) {
    const std::optional<Solution> solution = solutionOf(op, model);
    return solution ? solution->cost : std::numeric_limits<double>::infinity();
  }
  std::optional<Solution> solutionOf(Operation *op, const ChipModel &model) {
    ScopedDiagnosticHandler quiet(&getContext(), [](Diagnostic &) { return success(); });
    FailureOr<Found> found = findCheapest(op, spacesOf(op, model.limits), model, {});
    return succeeded(found) ? std::optional(found->solution) : std::nullopt;
  }

  LogicalResult mapOperation(StringRef key, Operation *op, const ChipModel &model, Pins pins) {
    return reported(op, [&]() -> LogicalResult { // errors of a strategy from outside
      std::vector<std::unique_ptr<Space>> spaces = spacesOf(op, model.limits);
      if (spaces.empty())
        return op->emitError("no strategy is for ")
               << op->getName() << ", expected one that knows its structure";
      // The file overrides the operation.
      nn::ScheduleAttr own = cast<nn::ScheduledOpInterface>(op).getScheduleAttr();
      if (pins.strategy.empty() && own)
        pins.strategy = own.getStrategy().str();
      keepPinned(spaces, pins.strategy);
      FailureOr<Found> found = findCheapest(op, spaces, model, pins);
      if (failed(found))
        return failure();
      return write(key, op, *spaces[found->space], *found);
    });
  }

  /// Leaves the strategy that is pinned, if it is there.
  static void keepPinned(std::vector<std::unique_ptr<Space>> &spaces, const std::string &strategy) {
    auto isNamed = [&](const std::unique_ptr<Space> &space) { return space->strategy == strategy; };
    if (llvm::any_of(spaces, isNamed))
      llvm::erase_if(spaces, [&](const std::unique_ptr<Space> &space) { return !isNamed(space); });
  }

  /// Which of several spaces has the cheapest schedule; of equal ones the first.
  FailureOr<Found> findCheapest(Operation *op, const std::vector<std::unique_ptr<Space>> &spaces,
                                const ChipModel &model, const Pins &pins) {
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
      Infeasible why;
      std::optional<Solution> solution = solve(*space, model, all, why);
      if (solution) {
        tried += solution->considered;
        priced += solution->priced;
      }
      if (!solution) {
        reasons += (reasons.empty() ? "" : "; or ") + why.reason;
        continue;
      }
      const bool isBetter = !best || solution->cost < best->solution.cost;
      std::string others = best ? best->others : "";
      if (best)
        others +=
            "; " + (isBetter ? costOf(*spaces[best->space], best->solution) : costOf(*space, *solution));
      if (isBetter)
        best = {number, std::move(*solution), ""};
      best->others = others;
    }
    if (!best)
      return op->emitError("no schedule of ") << op->getName() << " is feasible: " << reasons;
    ++solutions;
    if (!alike.empty())
      solved.insert({alike, *best});
    return *best;
  }

  static std::string costOf(const Space &space, const Solution &solution) {
    return "strategy " + space.strategy + " with " + std::to_string(int64_t(solution.best.estimate.cycles)) +
           " cycles";
  }

  LogicalResult write(StringRef key, Operation *op, const Space &space, const Found &found) {
    const Solution &solution = found.solution;
    cast<nn::ScheduledOpInterface>(op).setScheduleAttr(
        scheduleAttr(&getContext(), space, solution.best.choice));
    if (Plan plan = space.plan(solution.best.choice); !plan.dims.empty()) {
      SmallVector<nn::ReductionOpInterface> reductions = reductionsOf(op);
      const auto isWhole = [&](nn::ReductionOpInterface reduction) {
        return chunksOf(plan, reduction).size() == reduction.getReductionDims().size();
      };
      if (reductions.empty() || plan.dims.size() != plan.chunks.size() || !llvm::all_of(reductions, isWhole))
        return op->emitError("strategy '") << space.strategy << "' plans a sum, which " << op->getName()
                                           << " is not, or does not plan all of it";
      for (nn::ReductionOpInterface reduction : reductions) {
        SmallVector<StringAttr> dims;
        for (const nn::ReductionDim &dim : reduction.getReductionDims())
          dims.push_back(StringAttr::get(&getContext(), dim.name));
        const SmallVector<int64_t> chunks = chunksOf(plan, reduction);
        if (nn::PlanAttr own = reduction.getPlanAttr()) {
          if (failed(checkBegin(reduction, own, plan.continues)))
            return failure();
          if (own.getChunks() != ArrayRef<int64_t>(chunks))
            return op->emitError("the plan of ")
                   << reduction->getName() << " has chunks of " << own.getChunks()
                   << ", its schedule makes them " << ArrayRef<int64_t>(chunks);
        }
        reduction.setPlanAttr(nn::PlanAttr::get(
            &getContext(), dims, chunks, plan.continues ? nn::PlanBegin::Continue : nn::PlanBegin::Zero));
      }
    }
    if (explain)
      emitRemark(key, op, space, solution, found.others);
    return success();
  }

  std::map<std::string, Found> solved;
  int64_t tried = 0, priced = 0, solutions = 0; // over all that were solved
};

} // namespace

std::string schedulesToJson(ModuleOp module) {
  ScheduleFile file;
  for (auto &[key, op] : scheduleKeys(module))
    if (Pins pins = pinsOf(cast<nn::ScheduledOpInterface>(op).getScheduleAttr()); !pins.empty())
      file.set(key, pins);
  return file.text();
}

} // namespace arsis::compiler
