// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The conversion: functions to programs, operation by operation in their order.
#include "compiler/Conversion/NNToTile/NNToTile.h"

#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Conversion/NNToTile/Storage.h"
#include "compiler/Record/Record.h"
#include "dialects/NN/IR/StepTypes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_CONVERTNNTOTILEPASS
#include "compiler/Conversion/NNToTile/NNToTile.h.inc"

namespace {

LogicalResult lowerOperation(Operation *op, Emitter &e) {
  e.b.location = tile::locationOf(op);
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](nn::Conv2dOp typed) { return lowerConv2d(typed, e); })
      .Case([&](nn::Conv2dGradInputOp typed) { return lowerConv2dGradInput(typed, e); })
      .Case([&](nn::Conv2dGradWeightOp typed) { return lowerConv2dGradWeight(typed, e); })
      .Case([&](nn::MatmulOp typed) { return lowerMatmul(typed, e); })
      .Case<nn::MaxPoolOp, nn::AvgPoolOp, nn::MaxPoolGradOp, nn::AvgPoolGradOp>(
          [&](Operation *) { return lowerPool(op, e); })
      .Case([&](nn::ChannelSumOp typed) { return lowerChannelSum(typed, e); })
      .Case([&](nn::BatchNormOp typed) { return lowerBatchNorm(typed, e); })
      .Case([&](nn::BatchNormGradOp typed) { return lowerBatchNormGrad(typed, e); })
      .Case([&](nn::SoftmaxCrossEntropyOp typed) { return lowerSoftmaxCrossEntropy(typed, e); })
      .Case([&](nn::SoftmaxCrossEntropyGradOp typed) { return lowerSoftmaxCrossEntropyGrad(typed, e); })
      .Case([&](nn::TransposeOp typed) { return lowerTranspose(typed, e); })
      .Case([&](nn::ReshapeOp typed) { return lowerReshape(typed, e); })
      .Case([&](nn::ConstantOp typed) { return lowerConstant(typed, e); })
      .Case([&](nn::ElementwiseOpInterface typed) { return lowerElementwise(typed, e); })
      .Default([](Operation *other) {
        return other->emitError() << "no lowering to tile for " << other->getName();
      });
}

LogicalResult checkTypes(func::FuncOp function) {
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(nn::verifyTensor(function, type, "argument", number)))
      return failure();
  for (auto [number, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(nn::verifyTensor(function, type, "result", number)))
      return failure();
  return success();
}

LogicalResult convert(func::FuncOp function, const Machine &machine) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitError("expected a function with one block");
  FailureOr<ArrayAttr> absent = nn::notObservable(function);
  if (failed(absent))
    return failure();
  OpBuilder builder(function);
  // Rows and columns are the shape of every product and of an accumulator row, banks are taken modulo their
  // number.
  DictionaryAttr requirements = builder.getDictionaryAttr(
      {builder.getNamedAttr("matrix.rows", builder.getI64IntegerAttr(machine.rows)),
       builder.getNamedAttr("matrix.cols", builder.getI64IntegerAttr(machine.cols)),
       builder.getNamedAttr("matrix.weight_banks", builder.getI64IntegerAttr(machine.weightBanks))});
  auto program = tile::ProgramOp::create(builder, function.getLoc(), function.getName(), requirements);
  if (!absent->empty())
    program->setDiscardableAttr(nn::kNotObservable, *absent);
  program->setDiscardableAttr(kOptions, function->getDiscardableAttr(kOptions));
  program.getBody().emplaceBlock();
  builder.setInsertionPointToStart(&program.getBody().front());
  Emitter e(builder, machine, function.getLoc());
  SmallVector<LateCopy> copies;
  LogicalResult result = checkTypes(function);
  if (succeeded(result))
    result = placeArgumentsAndResults(function, e, copies);
  for (Operation &op : function.front().without_terminator())
    if (succeeded(result))
      result = lowerOperation(&op, e);
  if (failed(result))
    return failure();
  emitLateCopies(copies, e);
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
    const Machine machine = readMachine(*described);
    if (!function.empty() && !module.lookupSymbol<func::FuncOp>(function)) {
      module.emitError() << "there is no function '" << function << "'";
      return signalPassFailure();
    }
    for (func::FuncOp candidate : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (!function.empty() && candidate.getName() != function)
        candidate.erase();
      else if (failed(recordChip(candidate, *described, ChipUse::Further)) ||
               failed(convert(candidate, machine)))
        return signalPassFailure();
    }
  }
};

} // namespace

} // namespace arsis::compiler
