// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Units.h.
#include "compiler/Transforms/Map/Units.h"

using namespace mlir;

namespace arsis::compiler {

using schedule::Choice, schedule::Field, schedule::Plan, schedule::Space;

/// The reference sums as the plan says, the lowering as the mapping says: they must say the same.
static LogicalResult checkPlan(Operation *op, const Plan &mapped) {
  auto reduction = dyn_cast<nn::ReductionOpInterface>(op);
  if (!reduction || mapped.dims.empty())
    return success();
  nn::PlanAttr plan = reduction.getPlanAttr();
  if (!plan)
    return op->emitError() << op->getName() << " has a mapping and no plan; run nn-map first";
  if (plan.getChunks() == ArrayRef<int64_t>(mapped.chunks))
    return success();
  InFlightDiagnostic error = op->emitError();
  error << "the plan of " << op->getName() << " has chunks of " << plan.getChunks() << ", its mapping says "
        << ArrayRef<int64_t>(mapped.chunks) << "; change both, or the plan alone before nn-map";
  return error;
}

std::optional<Choice> readChoice(Operation *op, const Space &space) {
  nn::MappingAttr mapping = cast<nn::MappedOpInterface>(op).getMappingAttr();
  if (!mapping) {
    op->emitError() << op->getName() << " has no mapping; run nn-map first";
    return std::nullopt;
  }
  Choice choice;
  for (const Field &field : space.fields()) {
    auto number = mapping.getValues().getAs<IntegerAttr>(field.name);
    if (!number || !number.getType().isSignlessInteger(64)) {
      op->emitError() << "the mapping of " << op->getName() << " has no field '" << field.name
                      << "' that is an i64";
      return std::nullopt;
    }
    choice.push_back(number.getInt());
    if (std::string fault = checkValue(space, field.name, choice.back()); !fault.empty()) {
      op->emitError() << "the mapping of " << op->getName() << " does not fit: " << fault;
      return std::nullopt;
    }
  }
  if (std::string fault = checkFit(space, space.evaluate(choice)); !fault.empty()) {
    op->emitError() << "the mapping of " << op->getName() << " does not fit: " << fault;
    return std::nullopt;
  }
  if (failed(checkPlan(op, space.plan(choice))))
    return std::nullopt;
  return choice;
}

} // namespace arsis::compiler
