// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The emitter's tensors, extents and loop nests.
#include "compiler/Conversion/NNToTile/Emitter.h"

#include "dialects/NN/IR/TensorName.h"

using namespace mlir;

namespace arsis::compiler {

SmallVector<int64_t> storedShape(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (shape.size() <= 4)
    return llvm::to_vector(shape);
  SmallVector<int64_t> merged = {llvm::product_of(shape.drop_back(3))};
  llvm::append_range(merged, shape.take_back(3));
  return merged;
}

std::string Emitter::uniqueName(StringRef wanted) {
  std::string name = wanted.str();
  for (unsigned number = 1; !names.insert(name).second; ++number)
    name = nn::numberedName(wanted, number);
  return name;
}

Value Emitter::dram(Value value) {
  Value &tensor = storage[value];
  if (tensor)
    return tensor;
  auto result = cast<OpResult>(value);
  auto type = cast<RankedTensorType>(value.getType());
  tensor = b.tensor(uniqueName(nn::tensorNameOf(result)), tile::TensorRole::Temporary, storedShape(value),
                    type.getElementType());
  return tensor;
}

Value Emitter::dram(Value value, ArrayRef<int64_t> shape) {
  Value tensor = dram(value);
  return cast<MemRefType>(tensor.getType()).getShape() == shape ? tensor : b.alias(tensor, shape);
}

Value Emitter::constantTensor(StringRef name, ArrayRef<int64_t> shape, ArrayRef<float> values) {
  tile::TensorOp tensor = b.tensor(uniqueName(name), tile::TensorRole::Constant, shape, f32());
  tensor.setInitialAttr(DenseElementsAttr::get(RankedTensorType::get(shape, f32()), values));
  return tensor;
}

Value Emitter::alloc(const Buffer &buffer, Type type) {
  return b.alloc(buffer.name, buffer.shape, type, buffer.slots);
}

Extent Emitter::extent(int64_t tile, int64_t total, AffineExpr start, int64_t outer) const {
  if (auto known = dyn_cast<AffineConstantExpr>(start))
    return std::clamp<int64_t>(total - known.getValue(), 0, tile);
  if (total % outer == 0 && outer % tile == 0)
    return tile;
  return Extent(tile, total - start);
}

SmallVector<Extent> Emitter::rowsIfAny(SmallVector<Extent> rows, Extent columns) {
  auto *free = llvm::find_if(rows, [](const Extent &extent) { return !extent.limit; });
  if (columns.limit && free != rows.end()) // one column or more leaves the tile whole
    *free = Extent(free->tile, columns.limit * free->tile);
  else if (!columns.limit && columns.tile == 0)
    rows.front() = 0;
  return rows;
}

void Emitter::nest(const LoopOrder &order, SmallVectorImpl<AffineExpr> &indices, ArrayRef<Action> before,
                   function_ref<void()> body, ArrayRef<Action> after) {
  indices.assign(order.counts.size(), constant(0));
  std::function<void(int)> open = [&](int position) {
    for (const Action &action : before)
      if (action.level == position - 1)
        action.emit();
    if (position == int(order.counts.size()))
      body();
    else
      b.loop(order.counts[position], [&](AffineExpr index) {
        indices[position] = index;
        open(position + 1);
      });
    for (const Action &action : after)
      if (action.level == position - 1)
        action.emit();
  };
  open(0);
}

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

std::optional<Choice> readChoice(Operation *op, const MappingProblem &problem) {
  nn::MappingAttr mapping = cast<nn::MappedOpInterface>(op).getMappingAttr();
  if (!mapping) {
    op->emitError() << op->getName() << " has no mapping; run nn-map first";
    return std::nullopt;
  }
  Choice choice;
  for (const Field &field : problem.fields()) {
    auto number = mapping.getValues().getAs<IntegerAttr>(field.name);
    if (!number || !number.getType().isSignlessInteger(64)) {
      op->emitError() << "the mapping of " << op->getName() << " has no field '" << field.name
                      << "' that is an i64";
      return std::nullopt;
    }
    choice.push_back(number.getInt());
    if (std::string fault = checkValue(problem, field.name, choice.back()); !fault.empty()) {
      op->emitError() << "the mapping of " << op->getName() << " does not fit: " << fault;
      return std::nullopt;
    }
  }
  if (std::string fault = checkFit(problem, problem.evaluate(choice)); !fault.empty()) {
    op->emitError() << "the mapping of " << op->getName() << " does not fit: " << fault;
    return std::nullopt;
  }
  if (failed(checkPlan(op, problem.plan(choice))))
    return std::nullopt;
  return choice;
}

} // namespace arsis::compiler
