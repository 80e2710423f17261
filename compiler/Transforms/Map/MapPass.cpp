// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Solves the mapping problem of every operation and writes the answer down. Operations that look alike (name,
// types, attributes) are solved once.
#include "compiler/Transforms/Map/Map.h"

#include "compiler/Record/Record.h"
#include "compiler/Transforms/Map/Families.h"
#include "compiler/Transforms/Map/MappingFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_MAPPASS
#include "compiler/Transforms/Map/Map.h.inc"

namespace {

constexpr llvm::StringLiteral kEstimatePrefix = "estimate_"; // derived values in a mapping, not decisions

/// Decisions that the operation's own attributes already hold.
LogicalResult addPinsOf(Operation *op, const MappingProblem &problem, Pins &pins) {
  if (auto mapped = dyn_cast<nn::MappedOpInterface>(op))
    if (nn::MappingAttr mapping = mapped.getMappingAttr())
      for (NamedAttribute entry : mapping.getValues()) {
        if (entry.getName().getValue().starts_with(kEstimatePrefix))
          continue;
        auto number = dyn_cast<IntegerAttr>(entry.getValue());
        if (!number || !number.getType().isSignlessInteger(64))
          return op->emitError("field '") << entry.getName().getValue() << "' of the mapping is "
                                          << entry.getValue() << ", expected a whole number";
        pins[entry.getName().str()] = number.getInt();
      }
  auto reduction = dyn_cast<nn::ReductionOpInterface>(op);
  nn::PlanAttr plan = reduction ? reduction.getPlanAttr() : nullptr;
  if (!plan)
    return success();
  std::vector<std::string> fields = problem.planFields();
  if (fields.size() != plan.getChunks().size())
    return op->emitError("the plan has ")
           << plan.getChunks().size() << " dimensions, expected " << fields.size();
  for (auto [field, chunk, dim] : llvm::zip(fields, plan.getChunks(), reduction.getReductionDims())) {
    auto [pin, isNew] = pins.try_emplace(field, chunk);
    // A chunk longer than the dimension is the whole of it.
    if (std::min(pin->second, dim.size) != std::min(chunk, dim.size))
      return op->emitError("the plan has chunks of ")
             << chunk << " along " << dim.name << ", the mapping's field '" << field << "' is "
             << pin->second;
    pin->second = chunk;
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
  return text;
}

nn::MappingAttr mappingAttr(MLIRContext *context, const MappingProblem &problem, const Solution &solution) {
  Builder builder(context);
  SmallVector<NamedAttribute> entries;
  std::vector<Field> fields = problem.fields();
  for (auto [field, value] : llvm::zip(fields, solution.choice))
    entries.push_back(builder.getNamedAttr(field.name, builder.getI64IntegerAttr(value)));
  auto estimate = [&](StringRef name, double value) {
    entries.push_back(
        builder.getNamedAttr((kEstimatePrefix + name).str(), builder.getI64IntegerAttr(int64_t(value))));
  };
  estimate("cycles", solution.evaluation.cycles(problem.machine));
  estimate("compute_cycles", solution.evaluation.computeCycles);
  estimate("dram_bytes", solution.evaluation.dramBytes);
  return nn::MappingAttr::get(context, builder.getDictionaryAttr(entries));
}

void emitRemark(Operation *op, const MappingProblem &problem, const Solution &solution) {
  const Evaluation &e = solution.evaluation;
  int64_t bytes = 0, rows = 0;
  for (const Buffer &buffer : e.buffers)
    (buffer.accumulator ? rows : bytes) += buffer.size();
  InFlightDiagnostic remark = op->emitRemark("mapped with");
  std::vector<Field> fields = problem.fields();
  for (auto [field, value] : llvm::zip(fields, solution.choice))
    remark << " " << field.name << "=" << value;
  double transfer = e.dramCycles(problem.machine);
  remark << ": estimated " << int64_t(e.cycles(problem.machine)) << " cycles, bound by "
         << (e.computeCycles >= transfer ? "compute" : "dram") << " (compute " << int64_t(e.computeCycles)
         << ", dram " << int64_t(transfer) << "); " << bytes << " of " << problem.machine.scratchpadBytes
         << " scratchpad bytes, " << rows << " of " << problem.machine.accumulatorRows
         << " accumulator rows; best of " << solution.feasible << " that fit among " << solution.considered;
}

class MapPass : public impl::MapPassBase<MapPass> {
public:
  using MapPassBase::MapPassBase;

  void runOnOperation() override {
    std::optional<chip::Chip> described = readChip(getOperation(), getArgument(), chip, set);
    MappingFile file;
    if (!described || failed(readMapping(file)))
      return signalPassFailure();
    const Machine machine = readMachine(*described);
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(recordChip(function, *described, ChipUse::First)))
        return signalPassFailure();
    bool good = true;
    llvm::StringSet<>
        failedLayers; // what does not fit in the forward pass does not in the backward pass either
    for (auto &[key, op] : mappingKeys(getOperation())) {
      Pins pins = file.take(key);
      StringRef layer = nn::getOrigin(op->getLoc()).first;
      if (failedLayers.contains(layer) || succeeded(mapOperation(op, machine, pins)))
        continue;
      good = false;
      if (!layer.empty())
        failedLayers.insert(layer);
    }
    for (const std::string &key : file.unused()) {
      getOperation().emitError("the mapping names '") << key << "', but there is no such operation";
      good = false;
    }
    if (!good)
      signalPassFailure();
  }

private:
  LogicalResult readMapping(MappingFile &file) {
    std::string why;
    if (!mappingText.empty() && !file.parse(mappingText, "mapping", why))
      return getOperation().emitError(why);
    if (!mappingFile.empty() && !file.read(mappingFile, why))
      return getOperation().emitError(why);
    return success();
  }

  LogicalResult mapOperation(Operation *op, const Machine &machine, Pins pins) {
    std::unique_ptr<MappingProblem> problem = makeAnyProblem(op, machine);
    Pins own;
    if (failed(addPinsOf(op, *problem, own)))
      return failure();
    pins.insert(own.begin(), own.end()); // the file overrides the operation
    std::string key = pins.empty() ? signature(op) : "";
    auto known = solved.find(key);
    if (key.empty() || known == solved.end()) {
      Infeasible why;
      std::optional<Solution> solution = solve(*problem, pins, why);
      if (!solution)
        return op->emitError("no mapping of ") << op->getName() << " is feasible: " << why.reason;
      known = solved.insert_or_assign(key, *solution).first;
    }
    const Solution &solution = known->second;
    cast<nn::MappedOpInterface>(op).setMappingAttr(mappingAttr(&getContext(), *problem, solution));
    if (Plan plan = problem->plan(solution.choice); !plan.dims.empty()) {
      SmallVector<StringAttr> dims;
      for (const std::string &dim : plan.dims)
        dims.push_back(StringAttr::get(&getContext(), dim));
      cast<nn::ReductionOpInterface>(op).setPlanAttr(nn::PlanAttr::get(&getContext(), dims, plan.chunks));
    }
    if (explain)
      emitRemark(op, *problem, solution);
    return success();
  }

  std::map<std::string, Solution> solved;
};

} // namespace

std::vector<std::pair<std::string, Operation *>> mappingKeys(ModuleOp module) {
  std::vector<std::pair<std::string, Operation *>> keys;
  llvm::StringMap<int> seen;
  module.walk([&](Operation *op) {
    if (!makeAnyProblem(op, Machine()))
      return;
    StringRef layer = nn::getOrigin(op->getLoc()).first;
    std::string key =
        (layer.empty() ? Twine() : layer + Twine("/")).str() + op->getName().stripDialect().str();
    if (int number = seen[key]++)
      key += "." + std::to_string(number);
    keys.push_back({key, op});
  });
  return keys;
}

std::string mappingToJson(ModuleOp module) {
  MappingFile file;
  for (auto &[key, op] : mappingKeys(module))
    if (nn::MappingAttr mapping = cast<nn::MappedOpInterface>(op).getMappingAttr())
      for (NamedAttribute entry : mapping.getValues())
        if (!entry.getName().getValue().starts_with(kEstimatePrefix))
          file.set(key, entry.getName().str(), cast<IntegerAttr>(entry.getValue()).getInt());
  return file.text();
}

} // namespace arsis::compiler
