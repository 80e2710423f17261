// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedules between attributes and choices, and the keys of operations: see Units.h.
#include "compiler/Transforms/Map/Units.h"

#include "dialects/NN/IR/UnitOps.h"

using namespace mlir;

namespace arsis::compiler {

using schedule::Choice, schedule::Field, schedule::Pins, schedule::Plan, schedule::Space;

Pins pinsOf(nn::ScheduleAttr attribute) {
  Pins pins;
  if (!attribute)
    return pins;
  pins.strategy = attribute.getStrategy().str();
  for (StringAttr loop : attribute.getLoops())
    pins.loops.push_back(loop.str());
  for (NamedAttribute group : attribute.getGroups())
    for (NamedAttribute field : cast<DictionaryAttr>(group.getValue()))
      pins.numbers[(group.getName().getValue() + "." + field.getName().getValue()).str()] =
          cast<IntegerAttr>(field.getValue()).getInt();
  return pins;
}

nn::ScheduleAttr scheduleAttr(MLIRContext *context, const Space &space, const Choice &choice) {
  Builder builder(context);
  SmallVector<StringAttr> loops;
  std::map<std::string, SmallVector<NamedAttribute>> groups;
  const std::vector<Field> fields = space.fields();
  for (auto [field, value] : llvm::zip_equal(fields, choice)) {
    if (field.name == schedule::kLoops) {
      for (const std::string &loop : field.orders[value])
        loops.push_back(builder.getStringAttr(loop));
    } else if (!field.name.empty()) {
      auto [group, name] = StringRef(field.name).split('.');
      groups[group.str()].push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
    }
  }
  SmallVector<NamedAttribute> entries;
  for (auto &[group, numbers] : groups)
    entries.push_back(builder.getNamedAttr(group, builder.getDictionaryAttr(numbers)));
  return nn::ScheduleAttr::get(context, builder.getStringAttr(space.strategy), loops,
                               builder.getDictionaryAttr(entries));
}

SmallVector<int64_t> chunksOf(const Plan &plan, nn::ReductionOpInterface reduction) {
  SmallVector<int64_t> chunks;
  for (const nn::ReductionDim &dim : reduction.getReductionDims())
    if (const size_t at = llvm::find(plan.dims, dim.name.str()) - plan.dims.begin(); at < plan.chunks.size())
      chunks.push_back(plan.chunks[at]);
  return chunks;
}

LogicalResult checkBegin(Operation *op, nn::PlanAttr plan, bool continues) {
  const auto begin = continues ? nn::PlanBegin::Continue : nn::PlanBegin::Zero;
  if (plan.getBegin() == begin)
    return success();
  return op->emitError() << "the partial sums of the plan of " << op->getName() << " begin with '"
                         << nn::stringifyPlanBegin(plan.getBegin()) << "', those of its schedule with '"
                         << nn::stringifyPlanBegin(begin) << "'";
}

/// The reference sums as the plan says, the layout as the schedule says: they must say the same.
static LogicalResult checkPlan(Operation *op, const Plan &scheduled) {
  if (scheduled.dims.empty())
    return success();
  for (nn::ReductionOpInterface reduction : reductionsOf(op)) {
    nn::PlanAttr plan = reduction.getPlanAttr();
    if (!plan)
      return op->emitError() << op->getName() << " has a schedule and no plan; run nn-map first";
    if (failed(checkBegin(op, plan, scheduled.continues)))
      return failure();
    const SmallVector<int64_t> chunks = chunksOf(scheduled, reduction);
    if (plan.getChunks() == ArrayRef<int64_t>(chunks))
      continue;
    InFlightDiagnostic error = op->emitError();
    error << "the plan of " << op->getName() << " has chunks of " << plan.getChunks()
          << ", its schedule says " << ArrayRef<int64_t>(chunks)
          << "; change both, or the plan alone before nn-map";
    return error;
  }
  return success();
}

/// What one field is held at, or why it is not; -1 then.
static int64_t heldValue(const Pins &pins, const Field &field, std::string &fault) {
  if (field.name.empty())
    return field.candidates.front();
  if (field.name == schedule::kLoops) {
    auto order = llvm::find(field.orders, pins.loops);
    if (order != field.orders.end())
      return order - field.orders.begin();
    fault = "its loops are none of the strategy's orders";
    return -1;
  }
  if (auto number = pins.numbers.find(field.name); number != pins.numbers.end())
    return number->second;
  fault = "it has no field '" + field.name + "'";
  return -1;
}

std::optional<Choice> readChoice(Operation *op, const Space &space) {
  nn::ScheduleAttr attribute = cast<nn::ScheduledOpInterface>(op).getScheduleAttr();
  if (!attribute) {
    op->emitError() << op->getName() << " has no schedule; run nn-map first";
    return std::nullopt;
  }
  const Pins pins = pinsOf(attribute);
  std::string fault;
  if (pins.strategy != space.strategy)
    fault = "its strategy is '" + pins.strategy + "', expected '" + space.strategy +
            "', or the library that brings it";
  Choice choice;
  const std::vector<Field> fields = space.fields();
  for (size_t i = 0; i < fields.size() && fault.empty(); ++i) {
    choice.push_back(heldValue(pins, fields[i], fault));
    if (fault.empty() && !fields[i].name.empty() && fields[i].orders.empty())
      fault = checkValue(space, fields[i].name, choice.back());
  }
  if (fault.empty())
    fault = checkFit(space, space.evaluate(choice));
  if (!fault.empty()) {
    op->emitError() << "the schedule of " << op->getName() << " does not fit: " << fault;
    return std::nullopt;
  }
  if (failed(checkPlan(op, space.plan(choice))))
    return std::nullopt;
  return choice;
}

std::string scheduleKey(Operation *op) {
  auto [layer, phase] = nn::getOrigin(op->getLoc());
  const std::string title = nn::titleOf(op);
  std::string key;
  for (StringRef part : {layer, phase, StringRef(title)})
    if (!part.empty())
      key += (key.empty() ? "" : "/") + part.str();
  return key;
}

std::vector<std::pair<std::string, Operation *>> scheduleKeys(ModuleOp module) {
  std::vector<std::pair<std::string, Operation *>> keys;
  llvm::StringMap<int> seen;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!unitOf(op))
      return WalkResult::advance();
    std::string key = scheduleKey(op);
    if (int number = seen[key]++)
      key += "." + std::to_string(number);
    keys.push_back({key, op});
    return WalkResult::skip(); // what is inside of a unit is no unit
  });
  return keys;
}

} // namespace arsis::compiler
