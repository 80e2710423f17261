// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One model per engine op of the tile dialect: its instruction, field by field.
#include "compiler/Conversion/TileToIsa/Enums.h"
#include "compiler/Conversion/TileToIsa/InstructionInterface.h"
#include "dialects/Tile/IR/External.h"

#include "compiler/Conversion/TileToIsa/InstructionInterface.cpp.inc"

using namespace mlir;

namespace arsis::compiler {
namespace {

/// The interface of Op by `Model::instructionOf(op, operands)`.
template <class Model, class Op> struct InstructionModel : InstructionOpInterface::ExternalModel<Model, Op> {
  isa::Body getInstruction(Operation *op, OperandConverter &operands) const {
    return Model::instructionOf(cast<Op>(op), operands);
  }
};

struct LoadModel : InstructionModel<LoadModel, tile::LoadOp> {
  static isa::Body instructionOf(tile::LoadOp op, OperandConverter &c) {
    isa::Load result;
    result.tensor = c.tensor(op.getTensor());
    result.coordinate = c.affines<4>(op.getCoordinates());
    result.box = c.extents<4>(op.getBox());
    result.local = c.address(op.getDestination(), op.getView().getOffset());
    result.localStride = c.strides<4>(op.getView().getStrides(), "stride");
    result.localType = elementTypeOf(op.getDestination());
    result.fill = op.getFill().convertToFloat();
    return result;
  }
};

struct StoreModel : InstructionModel<StoreModel, tile::StoreOp> {
  static isa::Body instructionOf(tile::StoreOp op, OperandConverter &c) {
    isa::Store result;
    result.tensor = c.tensor(op.getTensor());
    result.coordinate = c.affines<4>(op.getCoordinates());
    result.box = c.extents<4>(op.getBox());
    result.local = c.address(op.getSource(), op.getView().getOffset());
    result.localStride = c.strides<4>(op.getView().getStrides(), "stride");
    result.localType = elementTypeOf(op.getSource());
    return result;
  }
};

struct LoadWeightsModel : InstructionModel<LoadWeightsModel, tile::LoadWeightsOp> {
  static isa::Body instructionOf(tile::LoadWeightsOp op, OperandConverter &c) {
    isa::LoadWeights result;
    result.bank = c.affine(op.getBank());
    result.source = c.address(op.getSource(), op.getView().getOffset());
    result.kCount = c.extents<3>(op.getKBox());
    result.kStride = c.strides<3>(op.getView().getStrides(), "k stride");
    result.nCount = c.extent(op.getNBox(), 0);
    result.nStride = c.narrow.to<int32_t>(op.getNStride(), "n_stride");
    result.type = elementTypeOf(op.getSource());
    return result;
  }
};

struct MultiplyModel : InstructionModel<MultiplyModel, tile::MultiplyOp> {
  static isa::Body instructionOf(tile::MultiplyOp op, OperandConverter &c) {
    isa::Multiply result;
    result.bank = c.affine(op.getBank());
    result.source = c.address(op.getSource(), op.getView().getOffset());
    result.mCount = c.extents<3>(op.getMBox());
    result.mStride = c.strides<3>(op.getView().getStrides(), "m stride");
    result.kCount = c.extents<3>(op.getKBox());
    result.kStride = c.strides<3>(op.getKStrides(), "k stride");
    result.type = elementTypeOf(op.getSource());
    result.acc = c.address(op.getAccumulators(), op.getAccView().getOffset());
    result.accStride = c.strides<3>(op.getAccView().getStrides(), "accumulator stride");
    result.accumulate = c.affine(op.getAccumulate());
    return result;
  }
};

struct DrainModel : InstructionModel<DrainModel, tile::DrainOp> {
  static isa::Body instructionOf(tile::DrainOp op, OperandConverter &c) {
    isa::Drain result;
    result.acc = c.address(op.getAccumulators(), op.getAccView().getOffset());
    result.mCount = c.extents<3>(op.getMBox());
    result.accStride = c.strides<3>(op.getAccView().getStrides(), "accumulator stride");
    result.nCount = c.extent(op.getNBox(), 0);
    result.destination = c.address(op.getDestination(), op.getView().getOffset());
    result.destinationStride = c.strides<3>(op.getView().getStrides(), "stride");
    result.columnStride = c.narrow.to<int32_t>(op.getNStride(), "n_stride");
    result.type = elementTypeOf(op.getDestination());
    return result;
  }
};

struct MapModel : InstructionModel<MapModel, tile::MapOp> {
  static isa::Body instructionOf(tile::MapOp op, OperandConverter &c) {
    isa::Map result;
    result.function = toIsa(op.getFunction());
    result.count = c.extents<4>(op.getBox());
    auto operand = [&](Value buffer, tile::ViewAttr view, isa::Address &address,
                       std::array<int32_t, 4> &stride, isa::ElementType &type) {
      address = c.address(buffer, view.getOffset());
      stride = c.strides<4>(view.getStrides(), "stride");
      type = elementTypeOf(buffer);
    };
    operand(op.getDestination(), op.getDestinationView(), result.destination, result.destinationStride,
            result.destinationType);
    auto inputs = op.getInputs();
    if (inputs.size() > 0)
      operand(inputs[0], op.getInputView(0), result.a, result.aStride, result.aType);
    if (inputs.size() > 1)
      operand(inputs[1], op.getInputView(1), result.b, result.bStride, result.bType);
    if (inputs.size() > 2)
      operand(inputs[2], op.getInputView(2), result.c, result.cStride, result.cType);
    result.immediate = op.getImmediate().convertToFloat();
    return result;
  }
};

struct ReduceModel : InstructionModel<ReduceModel, tile::ReduceOp> {
  static isa::Body instructionOf(tile::ReduceOp op, OperandConverter &c) {
    isa::Reduce result;
    result.function = toIsa(op.getFunction());
    result.count = c.extents<4>(op.getBox());
    for (int64_t d : op.getReduced())
      result.reduceMask |= 1u << d;
    result.destination = c.address(op.getDestination(), op.getView().getOffset());
    result.destinationStride = c.strides<4>(op.getView().getStrides(), "stride");
    result.a = c.address(op.getInput(), op.getInputView().getOffset());
    result.aStride = c.strides<4>(op.getInputView().getStrides(), "input stride");
    result.aType = elementTypeOf(op.getInput());
    result.accumulate = c.affine(op.getAccumulate());
    return result;
  }
};

struct PoolModel : InstructionModel<PoolModel, tile::PoolOp> {
  static isa::Body instructionOf(tile::PoolOp op, OperandConverter &c) {
    isa::Pool result;
    result.function = toPool(op.getFunction());
    result.count = c.extents<4>(op.getBox());
    result.destination = c.address(op.getDestination(), op.getView().getOffset());
    result.destinationStride = c.strides<4>(op.getView().getStrides(), "stride");
    result.a = c.address(op.getInput(), op.getInputView().getOffset());
    result.aStride = c.strides<4>(op.getInputView().getStrides(), "input stride");
    result.aType = elementTypeOf(op.getInput());
    result.window = c.narrow.toArray<uint16_t, 2>(op.getWindow(), "window");
    result.windowStride = c.strides<2>(op.getWindowStrides(), "window stride");
    return result;
  }
};

struct PoolGradModel : InstructionModel<PoolGradModel, tile::PoolGradOp> {
  static isa::Body instructionOf(tile::PoolGradOp op, OperandConverter &c) {
    isa::PoolGrad result;
    result.function = toPool(op.getFunction());
    result.count = c.extents<4>(op.getBox());
    if (op.getX())
      result.x = c.address(op.getX(), *op.getXOffset());
    result.xStride = c.strides<4>(op.getView().getStrides(), "stride");
    result.gradient = c.address(op.getGradient(), op.getGradientView().getOffset());
    result.gradientStride = c.strides<4>(op.getGradientView().getStrides(), "gradient stride");
    result.window = c.narrow.toArray<uint16_t, 2>(op.getWindow(), "window");
    result.windowStride = c.strides<2>(op.getWindowStrides(), "window stride");
    result.destination = c.address(op.getDestination(), op.getView().getOffset());
    return result;
  }
};

struct ExternalModel : InstructionModel<ExternalModel, tile::ExternalOp> {
  /// The fields at the place of the op in its stream.
  struct Reader final : tile::ExternalReader {
    explicit Reader(OperandConverter &operands) : operands(operands) {}
    isa::Affine affine(AffineExpr expr) override { return operands.affine(expr); }
    isa::Extent extent(tile::ExtentsAttr box, unsigned d) override { return operands.extent(box, d); }
    isa::Address address(Value buffer, AffineMap offset) override { return operands.address(buffer, offset); }
    OperandConverter &operands;
  };

  static isa::Body instructionOf(tile::ExternalOp op, OperandConverter &c) {
    Reader reader(c);
    return *tile::readExternal(op, reader, [&] { return op.emitOpError(); }); // the op is verified
  }
};

} // namespace

void registerInstructionModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tile::TileDialect *) {
    tile::LoadOp::attachInterface<LoadModel>(*context);
    tile::StoreOp::attachInterface<StoreModel>(*context);
    tile::LoadWeightsOp::attachInterface<LoadWeightsModel>(*context);
    tile::MultiplyOp::attachInterface<MultiplyModel>(*context);
    tile::DrainOp::attachInterface<DrainModel>(*context);
    tile::MapOp::attachInterface<MapModel>(*context);
    tile::ReduceOp::attachInterface<ReduceModel>(*context);
    tile::PoolOp::attachInterface<PoolModel>(*context);
    tile::PoolGradOp::attachInterface<PoolGradModel>(*context);
    tile::ExternalOp::attachInterface<ExternalModel>(*context);
  });
}

} // namespace arsis::compiler
