// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Units of several operations: verifier, forming and dissolving.

#include "dialects/NN/IR/UnitOps.h"

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/Verify.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace arsis::nn;

LogicalResult UnitOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return violates(*this, "unit_c1", "arguments of the body with the types of the inputs", "others");
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getValues().getTypes() != getOutputs().getTypes())
    return violates(*this, "unit_c2", "nn.yield of values with the types of the results", "another end");
  llvm::SmallSetVector<Value, 4> yielded(yield.getValues().begin(), yield.getValues().end());
  if (yielded.size() != yield.getValues().size() ||
      llvm::any_of(yielded, [](Value value) { return isa<BlockArgument>(value); }))
    return violates(*this, "unit_c2", "different results of operations", "one twice, or an argument");
  if (block.without_terminator().empty())
    return violates(*this, "unit_c3", "an operation at least", "none");
  for (Operation &op : block.without_terminator())
    if (auto scheduled = dyn_cast<ScheduledOpInterface>(op);
        !isa<StructuredOpInterface, CompositeOpInterface>(op) || (scheduled && scheduled.getScheduleAttr()))
      return violates(*this, "unit_c3", "operations with structure and without schedule",
                      op.getName().getStringRef());
  SmallVector<Type> results;
  for (Operation &op : block.without_terminator())
    llvm::append_range(results, op.getResultTypes());
  auto hasShapeOf = [](auto pair) {
    auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(std::get<0>(pair)).getValue());
    auto inner = cast<RankedTensorType>(std::get<1>(pair));
    return type && type.getShape() == inner.getShape() &&
           (type == inner ||
            (isa<FloatType>(type.getElementType()) && isa<FloatType>(inner.getElementType())));
  };
  if (ArrayAttr stored = getStoredAttr();
      stored && (stored.size() != results.size() || !llvm::all_of(llvm::zip(stored, results), hasShapeOf)))
    return violates(*this, "unit_c4", "a stored type with the shape of each result of the body", "others");
  return success();
}

Block *arsis::nn::bodyOf(Operation *op) {
  auto unit = dyn_cast<UnitOp>(op);
  return unit ? &unit.getBody().front() : nullptr;
}

std::string arsis::nn::titleOf(Operation *op) {
  Block *body = bodyOf(op);
  if (!body)
    return op->getName().stripDialect().str();
  std::string title;
  for (Operation &inner : body->without_terminator())
    title += (title.empty() ? "" : "+") + inner.getName().stripDialect().str();
  return title;
}

/// Whether one of these operations multiplies the value by another and sums up the products.
static bool isFactorIn(Value value, const llvm::SmallPtrSetImpl<Operation *> &ops) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    auto structured = dyn_cast<StructuredOpInterface>(user);
    return structured && ops.contains(user) && structured.getStructure().combine == Combine::Fma;
  });
}

Operation *arsis::nn::formUnit(ArrayRef<Operation *> ops, Operation *origin, ArrayRef<Value> handedOut) {
  const llvm::SmallPtrSet<Operation *, 8> members(ops.begin(), ops.end());
  auto isOutside = [&](Operation *op) { return !members.contains(op); };
  llvm::SmallSetVector<Value, 8> inputs;
  SmallVector<Value> outputs;
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (Operation *definer = operand.getDefiningOp(); !definer || isOutside(definer))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), isOutside) || llvm::is_contained(handedOut, result))
        outputs.push_back(result);
  }
  OpBuilder builder(ops.back());
  SmallVector<Type> stored;
  for (Operation *op : ops)
    llvm::append_range(stored, op->getResultTypes());
  auto unit = UnitOp::create(builder, origin->getLoc(), TypeRange(ValueRange(outputs)), inputs.getArrayRef(),
                             builder.getTypeArrayAttr(stored), ScheduleAttr());
  Block *block = builder.createBlock(&unit.getBody());
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, block->addArgument(input.getType(), input.getLoc()));
  for (Operation *op : ops) {
    Operation *inner = builder.clone(*op, mapping);
    for (auto [from, to] : llvm::zip_equal(op->getResults(), inner->getResults()))
      if (auto type = cast<RankedTensorType>(to.getType()); isa<FloatType>(type.getElementType()) &&
                                                            !llvm::is_contained(outputs, from) &&
                                                            !isFactorIn(from, members))
        to.setType(type.clone(builder.getF32Type()));
  }
  YieldOp::create(builder, origin->getLoc(),
                  llvm::map_to_vector(outputs, [&](Value value) { return mapping.lookup(value); }));
  for (auto [from, to] : llvm::zip_equal(outputs, unit.getOutputs()))
    from.replaceUsesWithIf(to, [&](OpOperand &use) { return isOutside(use.getOwner()); });
  for (Operation *op : llvm::reverse(ops))
    op->erase();
  return unit;
}

static IRMapping copyBody(UnitOp unit, ArrayAttr stored, SmallVectorImpl<Operation *> &copies,
                          bool keepsOffers = false) {
  IRMapping mapping;
  OpBuilder builder(unit);
  Block &block = unit.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(block.getArguments(), unit.getInputs()))
    mapping.map(argument, input);
  size_t number = 0;
  for (Operation &inner : block.without_terminator()) {
    if (Value instead = keepsOffers ? Value() : storedInsteadOf(&inner)) {
      mapping.map(inner.getResult(0), mapping.lookup(instead));
      number += inner.getNumResults();
      continue;
    }
    copies.push_back(builder.clone(inner, mapping));
    for (OpResult result : copies.back()->getResults())
      if (stored && number < stored.size())
        result.setType(cast<TypeAttr>(stored[number++]).getValue());
  }
  return mapping;
}

ArrayAttr arsis::nn::storedOf(Operation *op) {
  auto unit = dyn_cast<UnitOp>(op);
  return unit ? unit.getStoredAttr() : ArrayAttr();
}

ArrayAttr arsis::nn::takeStored(Operation *unit) {
  return cast_or_null<ArrayAttr>(cast<UnitOp>(unit).removeStoredAttr());
}

SmallVector<Operation *> arsis::nn::copiesOf(Operation *unit, ArrayAttr stored,
                                             SmallVectorImpl<Value> *results, bool keepsOffers) {
  SmallVector<Operation *> copies;
  IRMapping mapping = copyBody(cast<UnitOp>(unit), stored, copies, keepsOffers);
  if (results)
    for (Value value : bodyOf(unit)->getTerminator()->getOperands())
      results->push_back(mapping.lookup(value));
  return copies;
}

SmallVector<Operation *> arsis::nn::dissolve(Operation *op, ArrayAttr stored, bool keepsOffers) {
  auto unit = cast<UnitOp>(op);
  SmallVector<Operation *> copies;
  IRMapping mapping = copyBody(unit, stored, copies, keepsOffers);
  for (auto [output, value] :
       llvm::zip_equal(unit.getOutputs(), unit.getBody().front().getTerminator()->getOperands()))
    output.replaceAllUsesWith(mapping.lookup(value));
  unit.erase();
  return copies;
}
