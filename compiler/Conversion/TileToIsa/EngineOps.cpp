// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function per engine op: its instruction, field by field.
#include "compiler/Conversion/TileToIsa/Operands.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;

namespace arsis::compiler {
namespace {

using Tensors = llvm::function_ref<size_t(Value)>;

isa::Body convert(tile::LoadOp op, OperandConverter &c, Tensors tensors) {
  isa::Load result;
  result.tensor = c.narrow.to<uint16_t>(tensors(op.getTensor()), "number in the tensor table");
  result.coordinate = c.affines<4>(op.getCoordinates());
  result.box = c.extents<4>(op.getBox());
  result.local = c.address(op.getDestination(), op.getView().getOffset());
  result.localStride = c.strides<4>(op.getView().getStrides(), "stride");
  result.localType = elementTypeOf(op.getDestination());
  result.fill = op.getFill().convertToFloat();
  return result;
}

isa::Body convert(tile::StoreOp op, OperandConverter &c, Tensors tensors) {
  isa::Store result;
  result.tensor = c.narrow.to<uint16_t>(tensors(op.getTensor()), "number in the tensor table");
  result.coordinate = c.affines<4>(op.getCoordinates());
  result.box = c.extents<4>(op.getBox());
  result.local = c.address(op.getSource(), op.getView().getOffset());
  result.localStride = c.strides<4>(op.getView().getStrides(), "stride");
  result.localType = elementTypeOf(op.getSource());
  return result;
}

isa::Body convert(tile::LoadWeightsOp op, OperandConverter &c, Tensors) {
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

isa::Body convert(tile::MultiplyOp op, OperandConverter &c, Tensors) {
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

isa::Body convert(tile::DrainOp op, OperandConverter &c, Tensors) {
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

isa::Body convert(tile::MapOp op, OperandConverter &c, Tensors) {
  isa::Map result;
  result.function = static_cast<numerics::VectorFunction>(op.getFunction());
  result.count = c.extents<4>(op.getBox());
  auto operand = [&](Value buffer, tile::ViewAttr view, isa::Address &address, std::array<int32_t, 4> &stride,
                     isa::ElementType &type) {
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

isa::Body convert(tile::ReduceOp op, OperandConverter &c, Tensors) {
  isa::Reduce result;
  result.function = static_cast<numerics::ReduceFunction>(op.getFunction());
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

isa::Body convert(tile::PoolOp op, OperandConverter &c, Tensors) {
  isa::Pool result;
  result.function = static_cast<numerics::PoolFunction>(op.getFunction());
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

isa::Body convert(tile::PoolGradOp op, OperandConverter &c, Tensors) {
  isa::PoolGrad result;
  result.function = static_cast<numerics::PoolFunction>(op.getFunction());
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

} // namespace

FailureOr<isa::Body> convertEngineOp(tile::EngineOpInterface op, Tensors tensors) {
  OperandConverter converter(op);
  isa::Body body = TypeSwitch<Operation *, isa::Body>(op)
                       .Case<tile::LoadOp, tile::StoreOp, tile::LoadWeightsOp, tile::MultiplyOp,
                             tile::DrainOp, tile::MapOp, tile::ReduceOp, tile::PoolOp, tile::PoolGradOp>(
                           [&](auto engine) { return convert(engine, converter, tensors); })
                       .Default([](Operation *unknown) -> isa::Body {
                         llvm::report_fatal_error("no instruction is known for engine op " +
                                                  unknown->getName().getStringRef());
                       });
  if (failed(converter.narrow.result()))
    return failure();
  return body;
}

} // namespace arsis::compiler
