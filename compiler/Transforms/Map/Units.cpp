// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Units.h.
#include "compiler/Transforms/Map/Units.h"

#include "compiler/Analysis/ElementTypes.h"
#include "compiler/Analysis/Places.h"
#include "compiler/Schedule/Convolution.h"
#include "compiler/Schedule/Layout.h"
#include "compiler/Schedule/Strategies.h"
#include "compiler/Schedule/Strides.h"
#include "dialects/NN/IR/UnitOps.h"

#include "llvm/ADT/SetVector.h"

#include <map>

using namespace mlir;

namespace arsis::compiler {

static schedule::Value valueOf(Value value, schedule::Value::Kind kind) {
  auto type = cast<RankedTensorType>(value.getType());
  schedule::Value result;
  result.kind = kind;
  result.shape = type.getShape().vec();
  result.type = toElementType(type.getElementType());
  Place place = placeOf(value);
  const auto merged = schedule::mergedDimensions(result.shape, place.strides);
  if (merged.size() > 1 || (merged.size() == 1 && merged.front().second != 1)) {
    result.strides = std::move(place.strides);
    result.offset = place.offset % (schedule::kBufferAlignment / numerics::sizeInBytes(result.type));
  }
  return result;
}

/// The values as a unit's function has them outside of it.
static std::vector<schedule::Value> valuesOf(ValueRange values, schedule::Value::Kind kind) {
  std::vector<schedule::Value> result;
  for (Value value : values)
    result.push_back(valueOf(value, kind));
  return result;
}

std::string viewsOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (ValueRange values : {ValueRange(op->getOperands()), ValueRange(op->getResults())})
    for (auto [number, value] : llvm::enumerate(valuesOf(values, schedule::Value::Kind::Operand)))
      if (value.isView()) {
        llvm::interleave(value.strides, stream << " " << number << " by ", ",");
        stream << " from " << value.offset;
      }
  return text;
}

/// The parts of an operation; its values by number, as nn::Part has them.
static std::vector<nn::Part> partsOf(Operation *op) {
  if (auto composite = dyn_cast<nn::CompositeOpInterface>(op))
    return composite.getParts();
  nn::Part part;
  part.structure = cast<nn::StructuredOpInterface>(op).getStructure();
  for (unsigned i = 0; i < op->getNumOperands(); ++i)
    part.operands.push_back(static_cast<int>(i));
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    part.results.push_back(static_cast<int>(op->getNumOperands() + i));
  return {part};
}

/// The unit of several operations, which hand values to one another. `read` and `made` are its inputs and
/// outputs, as DRAM has them.
static schedule::Unit compose(std::string name, ArrayRef<Operation *> ops, ValueRange inputs,
                              ValueRange outputs, ValueRange read, ValueRange made) {
  using Kind = schedule::Value::Kind;
  llvm::DenseMap<Value, int> codes;
  int inner = 0;
  std::vector<numerics::ElementType> innerTypes;
  for (Value value : inputs)
    codes.try_emplace(value, static_cast<int>(codes.size()));
  for (Value value : outputs)
    codes.try_emplace(value, static_cast<int>(codes.size()));
  std::vector<nn::Part> parts;
  for (Operation *op : ops) {
    for (Value result : op->getResults())
      if (auto [known, isNew] = codes.try_emplace(result, ~inner); isNew) {
        innerTypes.resize(inner, numerics::ElementType::F32);
        innerTypes.push_back(toElementType(cast<RankedTensorType>(result.getType()).getElementType()));
        ++inner;
      }
    std::map<int, int> own; // what only the operation's own parts see
    auto codeOf = [&](int code) {
      if (code >= 0) {
        const unsigned number = code, operands = op->getNumOperands();
        return codes.at(number < operands ? op->getOperand(number) : op->getResult(number - operands));
      }
      if (auto [known, isNew] = own.try_emplace(code, ~inner); isNew)
        ++inner;
      return own.at(code);
    };
    for (nn::Part &part : partsOf(op)) {
      for (int &code : part.operands)
        code = codeOf(code);
      for (int &code : part.results)
        code = codeOf(code);
      parts.push_back(std::move(part));
    }
  }
  return schedule::unitOf(std::move(name), std::move(parts), valuesOf(read, Kind::Operand),
                          valuesOf(made, Kind::Result), std::move(innerTypes));
}

std::optional<schedule::Unit> unitOf(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  if (Block *body = nn::bodyOf(op))
    return compose(std::move(name),
                   llvm::map_to_vector(body->without_terminator(), [](Operation &inner) { return &inner; }),
                   body->getArguments(), body->getTerminator()->getOperands(), op->getOperands(),
                   op->getResults());
  if (isView(op) || !mlir::isa<nn::StructuredOpInterface, nn::CompositeOpInterface>(op))
    return std::nullopt;
  return schedule::unitOf(std::move(name), partsOf(op),
                          valuesOf(op->getOperands(), schedule::Value::Kind::Operand),
                          valuesOf(op->getResults(), schedule::Value::Kind::Result));
}

schedule::Unit unitOf(ArrayRef<Operation *> ops) {
  llvm::SmallSetVector<Value, 8> inputs, outputs;
  auto isMember = [&](Operation *op) { return op && llvm::is_contained(ops, op); };
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (!isMember(operand.getDefiningOp()))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (!llvm::all_of(result.getUsers(), isMember) || op == ops.back())
        outputs.insert(result);
  }
  return compose("a unit", ops, inputs.getArrayRef(), outputs.getArrayRef(), inputs.getArrayRef(),
                 outputs.getArrayRef());
}

bool isProduct(Operation *op) {
  return mlir::isa<nn::StructuredOpInterface>(op) && !isView(op) && schedule::convolutionIn(*unitOf(op));
}

Operation *originOf(ArrayRef<Operation *> ops) {
  if (auto product = llvm::find_if(ops, isProduct); product != ops.end())
    return *product;
  Operation *origin = ops.front();
  size_t most = 0;
  for (Operation *op : ops)
    if (const size_t parts = partsOf(op).size(); parts >= most) {
      most = parts;
      origin = op;
    }
  return origin;
}

SmallVector<nn::ReductionOpInterface> reductionsOf(Operation *op) {
  SmallVector<nn::ReductionOpInterface> reductions;
  if (Block *body = nn::bodyOf(op))
    llvm::append_range(reductions, body->getOps<nn::ReductionOpInterface>());
  else if (auto reduction = dyn_cast<nn::ReductionOpInterface>(op))
    reductions.push_back(reduction);
  return reductions;
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
