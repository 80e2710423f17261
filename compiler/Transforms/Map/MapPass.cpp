// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Searches the schedule of every operation and writes it down. Operations that look alike (name,
// types, attributes) are solved once.
#include "compiler/Transforms/Map/Map.h"

#include "compiler/Analysis/Places.h"
#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Transforms/Map/DecideLoads.h"
#include "compiler/Transforms/Map/Solver.h"
#include "compiler/Transforms/Map/TakeApart.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/NN/IR/UnitOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_MAPPASS
#include "compiler/Transforms/Map/Map.h.inc"

namespace {

using schedule::ChipModel, schedule::Estimate, schedule::Field;
using schedule::Pins, schedule::Plan, schedule::Solution, schedule::Space;

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

class MapPass : public impl::MapPassBase<MapPass> {
public:
  using MapPassBase::MapPassBase;
  MapPass(const MapPassOptions &options, std::vector<Decision> *decisions)
      : MapPassBase(options), decisions(decisions) {}

  void runOnOperation() override {
    try {
      chooseAll();
    } catch (const Interrupted &stop) { // whoever asked knows what follows
      getOperation().emitError(stop.what());
      signalPassFailure();
    }
  }

private:
  void chooseAll() {
    std::optional<chip::Chip> described = readChip(getOperation(), getArgument(), chip, set);
    ScheduleFile file;
    if (!described || failed(readMapping(file)))
      return signalPassFailure();
    const ChipModel model(*described);
    Solver solver(model);
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(recordChip(function, *described, ChipUse::First)) ||
          (!function.isExternal() && failed(verifyViews(function.front()))))
        return signalPassFailure();
    if (failed(decideGradients(getOperation(), solver, file)) ||
        failed(decideLoads(getOperation(), solver, file)) || failed(takeApart(getOperation(), solver, file)))
      return signalPassFailure();
    bool good = true;
    llvm::StringSet<>
        failedLayers; // what does not fit in the forward pass does not in the backward pass either
    for (auto &[key, op] : scheduleKeys(getOperation())) {
      Pins pins = file.take(key);
      StringRef layer = nn::getOrigin(op->getLoc()).first;
      if (failedLayers.contains(layer) || succeeded(mapOperation(key, op, solver, pins)))
        continue;
      good = false;
      if (!layer.empty())
        failedLayers.insert(layer);
    }
    for (const std::string &key : file.unused()) {
      ofKind(ErrorKind::Input, getOperation().emitError("the schedules name '"))
          << key << "', but there is no such operation";
      good = false;
    }
    if (auto functions = getOperation().getOps<func::FuncOp>(); explain && !functions.empty())
      (*functions.begin()).emitRemark()
          << solver.considered << " schedules considered for " << solver.solutions
          << " different operations, " << solver.priced << " priced by a run";
    if (!good || failed(write()))
      signalPassFailure();
  }

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
      return ofKind(ErrorKind::Input, getOperation().emitError(why));
    if (!mappingFile.empty() && !file.read(mappingFile, why))
      return ofKind(ErrorKind::Input, getOperation().emitError(why));
    return success();
  }

  LogicalResult mapOperation(StringRef key, Operation *op, Solver &solver, Pins pins) {
    return reported(op, [&]() -> LogicalResult { // errors of a strategy from outside
      std::vector<std::unique_ptr<Space>> spaces = spacesOf(op, solver.model.limits);
      if (spaces.empty())
        return ofKind(ErrorKind::Model, op->emitError("no strategy is for "))
               << op->getName() << ", expected one that knows its structure";
      // The file overrides the operation.
      nn::ScheduleAttr own = cast<nn::ScheduledOpInterface>(op).getScheduleAttr();
      if (pins.strategy.empty() && own)
        pins.strategy = own.getStrategy().str();
      keepPinned(spaces, pins.strategy);
      FailureOr<Found> found = solver.cheapest(op, spaces, pins);
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
    if (decisions) {
      const Solution &s = found.solution;
      decisions->push_back({key.str(), space.strategy, s,
                            s.runnerUp ? textOf(space.fields(), s.runnerUp->choice) : std::string(),
                            space.limits.scratchpadBytes, space.limits.accumulatorRows});
    }
    if (explain)
      emitRemark(key, op, space, solution, found.others);
    return success();
  }

  std::vector<Decision> *decisions = nullptr;
};

} // namespace

std::unique_ptr<Pass> createMapPass(const MapPassOptions &options, std::vector<Decision> *decisions) {
  return std::make_unique<MapPass>(options, decisions);
}

std::string schedulesToJson(ModuleOp module) {
  ScheduleFile file;
  for (auto &[key, op] : scheduleKeys(module))
    if (Pins pins = pinsOf(cast<nn::ScheduledOpInterface>(op).getScheduleAttr()); !pins.empty())
      file.set(key, pins);
  return file.text();
}

} // namespace arsis::compiler
