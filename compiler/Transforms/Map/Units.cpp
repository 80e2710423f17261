// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Units.h.
#include "compiler/Transforms/Map/Units.h"

#include "compiler/Analysis/ElementTypes.h"
#include "compiler/Schedule/Strategies.h"

using namespace mlir;

namespace arsis::compiler {

static schedule::Value valueOf(Value value, schedule::Value::Kind kind) {
  auto type = cast<RankedTensorType>(value.getType());
  schedule::Value result;
  result.kind = kind;
  result.shape = type.getShape().vec();
  result.type = toElementType(type.getElementType());
  return result;
}

static std::vector<schedule::Value> valuesOf(ValueRange values, schedule::Value::Kind kind) {
  std::vector<schedule::Value> result;
  for (Value value : values)
    result.push_back(valueOf(value, kind));
  return result;
}

std::optional<schedule::Unit> unitOf(Operation *op) {
  using Kind = schedule::Value::Kind;
  auto structured = dyn_cast<nn::StructuredOpInterface>(op);
  auto composite = dyn_cast<nn::CompositeOpInterface>(op);
  if (!structured && !composite)
    return std::nullopt;
  std::vector<schedule::Value> operands = valuesOf(op->getOperands(), Kind::Operand),
                               results = valuesOf(op->getResults(), Kind::Result);
  std::string name = op->getName().getStringRef().str();
  return structured ? schedule::unitOf(std::move(name), structured.getStructure(), std::move(operands),
                                       std::move(results))
                    : schedule::unitOf(std::move(name), composite.getParts(), std::move(operands),
                                       std::move(results));
}

std::vector<std::unique_ptr<schedule::Space>> spacesOf(Operation *op, const schedule::ChipLimits &limits) {
  std::optional<schedule::Unit> unit = unitOf(op);
  return unit ? schedule::makeSpaces(*unit, limits) : std::vector<std::unique_ptr<schedule::Space>>();
}

std::unique_ptr<schedule::Space> spaceOf(Operation *op, const schedule::ChipLimits &limits) {
  std::vector<std::unique_ptr<schedule::Space>> spaces = spacesOf(op, limits);
  if (spaces.empty())
    return nullptr;
  nn::ScheduleAttr schedule = cast<nn::ScheduledOpInterface>(op).getScheduleAttr();
  auto named = llvm::find_if(spaces, [&](const std::unique_ptr<schedule::Space> &space) {
    return schedule && schedule.getStrategy() == space->strategy;
  });
  return std::move(named == spaces.end() ? spaces.front() : *named);
}

} // namespace arsis::compiler
