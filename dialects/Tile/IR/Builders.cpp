// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The builder of tile IR. Every op gets all open loops as indices; unused ones cost nothing in the encoding.
#include "dialects/Tile/IR/Builders.h"

#include "dialects/Isa/Encoding/External.h"
#include "dialects/NN/IR/Origin.h"
#include "dialects/NN/IR/UnitOps.h"
#include "dialects/Tile/IR/External.h"

using namespace mlir;

namespace arsis::tile {

// Both enumerations have the cases of isa.td.
static_assert(getMaxEnumValForVectorFunction() + 1 == numerics::kVectorFunctionCount);

VectorFunction toTile(numerics::VectorFunction function) { return static_cast<VectorFunction>(function); }

Location locationOf(Operation *nnOp) {
  auto [layer, phase] = nn::getOrigin(nnOp->getLoc());
  // A layer stands for its place in the model's file; without one, the place is all there is.
  Location place = layer.empty() ? nnOp->getLoc() : UnknownLoc::get(nnOp->getContext());
  // With the dialect, as the name of an operation is; of a unit the names are joined.
  const std::string title = (nnOp->getName().getDialectNamespace() + "." + nn::titleOf(nnOp)).str();
  Location name = NameLoc::get(StringAttr::get(nnOp->getContext(), title), place);
  return nn::makeOrigin(nnOp->getContext(), layer, phase, name);
}

StringRef opNameOf(Location location) {
  StringRef result;
  location->walk([&](Location part) {
    auto origin = dyn_cast<FusedLoc>(part);
    if (!origin || !isa_and_nonnull<StringAttr>(origin.getMetadata()) || origin.getLocations().empty())
      return WalkResult::advance();
    auto layer = dyn_cast<NameLoc>(origin.getLocations().front());
    if (auto op = layer ? dyn_cast<NameLoc>(layer.getChildLoc()) : NameLoc())
      result = op.getName();
    return WalkResult::interrupt();
  });
  return result;
}

SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t d = int64_t(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

View View::whole(Value buffer) { return View::from(buffer, {}); }

View View::from(Value buffer, ArrayRef<AffineExpr> at) {
  View view{buffer, {}, rowMajorStrides(cast<MemRefType>(buffer.getType()).getShape())};
  for (auto [coordinate, stride] : llvm::zip(at, view.strides))
    view.offset = view.offset ? view.offset + coordinate * stride : coordinate * stride;
  return view;
}

void TileBuilder::loop(int64_t count, function_ref<void(AffineExpr)> body) {
  assert(count >= 1 && "a loop runs at least once");
  if (count == 1)
    return body(constant(0));
  OpBuilder::InsertionGuard guard(builder);
  Value zero = arith::ConstantIndexOp::create(builder, location, 0);
  Value end = arith::ConstantIndexOp::create(builder, location, count);
  Value one = arith::ConstantIndexOp::create(builder, location, 1);
  auto op = scf::ForOp::create(builder, location, zero, end, one);
  builder.setInsertionPointToStart(op.getBody());
  loops.push_back(op.getInductionVar());
  body(builder.getAffineDimExpr(loops.size() - 1));
  loops.pop_back();
}

AffineMap TileBuilder::mapOf(Exprs exprs) {
  return AffineMap::get(loops.size(), 0, exprs, builder.getContext());
}

ViewAttr TileBuilder::viewOf(const View &view) {
  return ViewAttr::get(builder.getContext(), mapOf(view.offset ? view.offset : constant(0)), view.strides);
}

ExtentsAttr TileBuilder::extentsOf(Extents extents) {
  SmallVector<int64_t> tile;
  SmallVector<AffineExpr> limits;
  bool clamped = false;
  for (const Extent &extent : extents) {
    tile.push_back(extent.tile);
    limits.push_back(extent.limit ? extent.limit : constant(extent.tile));
    clamped |= bool(extent.limit);
  }
  return ExtentsAttr::get(builder.getContext(), tile, clamped ? mapOf(limits) : AffineMap());
}

TensorOp TileBuilder::tensor(StringRef name, TensorRole role, ArrayRef<int64_t> shape, Type type) {
  auto memref = MemRefType::get(shape, type, AffineMap(), DramAttr::get(builder.getContext()));
  return TensorOp::create(builder, location, memref, name, role, nullptr, nullptr, nullptr, nullptr, false,
                          nullptr);
}

Value TileBuilder::alias(Value tensor, ArrayRef<int64_t> shape) {
  auto type = cast<MemRefType>(tensor.getType());
  return AliasOp::create(builder, location, MemRefType(MemRefType::Builder(type).setShape(shape)), tensor,
                         StringAttr(), builder.getI64IntegerAttr(0), DenseI64ArrayAttr());
}

Value TileBuilder::part(Value tensor, StringRef name, ArrayRef<int64_t> shape, int64_t offset,
                        ArrayRef<int64_t> strides) {
  auto type = cast<MemRefType>(tensor.getType());
  return AliasOp::create(builder, location, MemRefType(MemRefType::Builder(type).setShape(shape)), tensor,
                         name.empty() ? StringAttr() : builder.getStringAttr(name),
                         builder.getI64IntegerAttr(offset), builder.getDenseI64ArrayAttr(strides));
}

Value TileBuilder::alloc(StringRef name, ArrayRef<int64_t> shape, Type type, int64_t slots) {
  auto memref = MemRefType::get(shape, type, AffineMap(), SpmAttr::get(builder.getContext()));
  return AllocOp::create(builder, location, memref, name, slots, 0, nullptr);
}

Value TileBuilder::accumulators(StringRef name, int64_t rows, int64_t cols, int64_t unit, int64_t slots) {
  auto memref =
      MemRefType::get({rows, cols}, builder.getF32Type(), AffineMap(), AccAttr::get(builder.getContext()));
  return AllocOp::create(builder, location, memref, name, slots, unit, nullptr);
}

LoadOp TileBuilder::load(Value tensor, Exprs coordinates, Extents box, const View &to, float fill,
                         int64_t queue) {
  return LoadOp::create(builder, location, tensor, to.buffer, loops, mapOf(coordinates), extentsOf(box),
                        viewOf(to), APFloat(fill), queue, SyncAttr());
}

StoreOp TileBuilder::store(const View &from, Value tensor, Exprs coordinates, Extents box, int64_t queue) {
  return StoreOp::create(builder, location, from.buffer, tensor, loops, mapOf(coordinates), extentsOf(box),
                         viewOf(from), queue, SyncAttr());
}

LoadWeightsOp TileBuilder::loadWeights(int64_t unit, AffineExpr bank, const View &weights, Extents kBox,
                                       Extent n, int64_t nStride) {
  return LoadWeightsOp::create(builder, location, weights.buffer, loops, unit, mapOf(bank), extentsOf(kBox),
                               extentsOf(n), viewOf(weights), nStride, SyncAttr());
}

MultiplyOp TileBuilder::multiply(int64_t unit, AffineExpr bank, const View &rows, ArrayRef<int64_t> kStrides,
                                 Extents mBox, Extents kBox, const View &acc, AffineExpr accumulate) {
  return MultiplyOp::create(
      builder, location, rows.buffer, acc.buffer, loops, unit, mapOf(bank), extentsOf(mBox), extentsOf(kBox),
      viewOf(rows), builder.getDenseI64ArrayAttr(kStrides), viewOf(acc), mapOf(accumulate), SyncAttr());
}

DrainOp TileBuilder::drain(int64_t unit, const View &acc, Extents mBox, Extent n, const View &to,
                           int64_t nStride) {
  return DrainOp::create(builder, location, acc.buffer, to.buffer, loops, unit, extentsOf(mBox), extentsOf(n),
                         viewOf(acc), viewOf(to), nStride, SyncAttr());
}

MapOp TileBuilder::map(VectorFunction function, Extents box, const View &to, ArrayRef<View> inputs,
                       float immediate) {
  SmallVector<Value> buffers;
  SmallVector<Attribute> views{viewOf(to)};
  for (const View &input : inputs) {
    buffers.push_back(input.buffer);
    views.push_back(viewOf(input));
  }
  return MapOp::create(builder, location, to.buffer, buffers, loops, function, extentsOf(box),
                       builder.getArrayAttr(views), APFloat(immediate), SyncAttr());
}

ReduceOp TileBuilder::reduce(ReduceFunction function, Extents box, ArrayRef<int64_t> reduced, const View &to,
                             const View &input, AffineExpr accumulate) {
  return ReduceOp::create(builder, location, to.buffer, input.buffer, loops, function, extentsOf(box),
                          reduced, viewOf(to), viewOf(input), mapOf(accumulate), SyncAttr());
}

PoolOp TileBuilder::pool(ReduceFunction function, Extents box, ArrayRef<int64_t> window,
                         ArrayRef<int64_t> windowStrides, const View &to, const View &input) {
  return PoolOp::create(builder, location, to.buffer, input.buffer, loops, function, extentsOf(box), window,
                        windowStrides, viewOf(to), viewOf(input), SyncAttr());
}

PoolGradOp TileBuilder::poolGrad(ReduceFunction function, Extents box, ArrayRef<int64_t> window,
                                 ArrayRef<int64_t> windowStrides, const View &to, const View &gradient,
                                 std::optional<View> x) {
  AffineMapAttr xOffset =
      x ? AffineMapAttr::get(mapOf(x->offset ? x->offset : constant(0))) : AffineMapAttr();
  return PoolGradOp::create(builder, location, to.buffer, gradient.buffer, x ? x->buffer : Value(), loops,
                            ReduceFunctionAttr::get(builder.getContext(), function), extentsOf(box),
                            builder.getDenseI64ArrayAttr(window), builder.getDenseI64ArrayAttr(windowStrides),
                            viewOf(to), viewOf(gradient), xOffset, SyncAttr());
}

ExternalOp TileBuilder::external(const isa::External &body, ArrayRef<Value> buffers) {
  const size_t written = writtenAddress(*body.type);
  SmallVector<Value> inputs(buffers);
  inputs.erase(inputs.begin() + written);
  return ExternalOp::create(builder, location, buffers[written], inputs, loops,
                            body.type->description.mnemonic,
                            fieldsOf(body, buffers, loops.size(), builder.getContext()), SyncAttr());
}

} // namespace arsis::tile
