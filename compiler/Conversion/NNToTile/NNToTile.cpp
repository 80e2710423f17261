// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The conversion: functions to programs, operation by operation in their order.
#include "compiler/Conversion/NNToTile/NNToTile.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Conversion/NNToTile/EmitLayout.h"
#include "compiler/Conversion/NNToTile/Storage.h"
#include "compiler/Record/Record.h"
#include "compiler/Schedule/Outside.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/Isa/Encoding/Error.h"
#include "dialects/NN/IR/StepTypes.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_CONVERTNNTOTILEPASS
#include "compiler/Conversion/NNToTile/NNToTile.h.inc"

namespace {

using schedule::ChipLimits;

class Lowering {
public:
  Lowering(tile::TileBuilder &builder, Tensors &tensors, const ChipLimits &limits)
      : b(builder), tensors(tensors), limits(limits) {}

  LogicalResult lower(Operation *op) {
    b.location = tile::locationOf(op);
    if (auto view = dyn_cast<nn::ViewOpInterface>(op)) {
      // A result that must appear under a name of its own was placed before; its source is an alias of it
      // then.
      Value result = op->getResult(0);
      tensors.set(result, tensors.of(view.getViewed(), storedShape(result)));
      return success();
    }
    if (isView(op)) {
      for (Value result : op->getResults())
        tensors.of(result); // so that it has a name, whoever reads it
      return success();
    }
    ElementsAttr value;
    if (matchPattern(op, m_Constant(&value))) {
      Value result = op->getResult(0);
      tensors.set(result, tensors.constant("constant", storedShape(result), value));
      return success();
    }
    return reported(op, [&] { return lowerBySchedule(op); }); // of a strategy from outside
  }

private:
  LogicalResult lowerBySchedule(Operation *op) {
    std::unique_ptr<schedule::Space> space = spaceOf(op, limits);
    if (!space)
      return op->emitError() << "no strategy is for " << op->getName();
    std::optional<schedule::Choice> choice = readChoice(op, *space);
    if (!choice)
      return failure();
    const schedule::Layout layout = schedule::layoutOf(*space, *choice);
    const schedule::Unit unit = *unitOf(op);
    SmallVector<Value> dram;
    for (const schedule::Tensor &tensor : layout.tensors)
      dram.push_back(tensorOf(op, unit.values[tensor.value], tensor));
    emitLayout(layout, dram, limits.cols, b);
    return success();
  }

  Value tensorOf(Operation *op, const schedule::Value &value, const schedule::Tensor &tensor) {
    const unsigned number = tensor.value, operands = op->getNumOperands();
    if (value.kind != schedule::Value::Kind::Constant)
      return tensors.of(number < operands ? op->getOperand(number) : op->getResult(number - operands),
                        tensor.shape);
    auto type = RankedTensorType::get(tensor.shape, b.builder.getF32Type());
    return tensors.constant(value.name, tensor.shape, DenseElementsAttr::get(type, ArrayRef(value.values)));
  }

  tile::TileBuilder &b;
  Tensors &tensors;
  const ChipLimits &limits;
};

LogicalResult checkTypes(func::FuncOp function) {
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(nn::verifyTensor(function, type, "argument", number)))
      return failure();
  for (auto [number, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(nn::verifyTensor(function, type, "result", number)))
      return failure();
  return success();
}

LogicalResult convert(func::FuncOp function, const ChipLimits &limits) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitError("expected a function with one block");
  FailureOr<ArrayAttr> absent = nn::notObservable(function);
  if (failed(absent))
    return failure();
  OpBuilder builder(function);
  // Rows and columns are the shape of every product and of an accumulator row, banks are taken modulo their
  // number.
  DictionaryAttr requirements = builder.getDictionaryAttr(
      {builder.getNamedAttr("matrix.rows", builder.getI64IntegerAttr(limits.rows)),
       builder.getNamedAttr("matrix.cols", builder.getI64IntegerAttr(limits.cols)),
       builder.getNamedAttr("matrix.weight_banks", builder.getI64IntegerAttr(limits.weightBanks))});
  auto program = tile::ProgramOp::create(builder, function.getLoc(), function.getName(), requirements);
  if (!absent->empty())
    program->setDiscardableAttr(nn::kNotObservable, *absent);
  program->setDiscardableAttr(kOptions, function->getDiscardableAttr(kOptions));
  program.getBody().emplaceBlock();
  builder.setInsertionPointToStart(&program.getBody().front());
  tile::TileBuilder b(builder, function.getLoc());
  Tensors tensors(b);
  Lowering lowering(b, tensors, limits);
  SmallVector<LateCopy> copies;
  LogicalResult result = checkTypes(function);
  if (succeeded(result))
    result = verifyViews(function.front());
  if (succeeded(result))
    result = placeArgumentsAndResults(function, b, tensors, copies);
  for (Operation &op : function.front().without_terminator())
    if (succeeded(result))
      result = lowering.lower(&op);
  if (failed(result))
    return failure();
  emitLateCopies(copies, b, tensors, limits);
  function.erase();
  return success();
}

class ConvertNNToTilePass : public impl::ConvertNNToTilePassBase<ConvertNNToTilePass> {
public:
  using ConvertNNToTilePassBase::ConvertNNToTilePassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::optional<chip::Chip> described = readChip(module, getArgument(), chip, set);
    if (!described)
      return signalPassFailure();
    const ChipLimits limits = schedule::readChipLimits(*described);
    if (!function.empty() && !module.lookupSymbol<func::FuncOp>(function)) {
      module.emitError() << "there is no function '" << function << "'";
      return signalPassFailure();
    }
    for (func::FuncOp candidate : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (!function.empty() && candidate.getName() != function)
        candidate.erase();
      else if (failed(recordChip(candidate, *described, ChipUse::Further)) ||
               failed(convert(candidate, limits)))
        return signalPassFailure();
    }
  }
};

} // namespace

} // namespace arsis::compiler
