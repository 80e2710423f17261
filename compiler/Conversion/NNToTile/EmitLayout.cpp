// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk over a layout.
#include "compiler/Conversion/NNToTile/EmitLayout.h"

#include "compiler/Analysis/ElementTypes.h"

using namespace mlir;

namespace arsis::compiler {

namespace {

namespace ir = tile;
using schedule::Affine, schedule::Extent, schedule::Layout;

class Walker {
public:
  Walker(const Layout &layout, ArrayRef<Value> tensors, int64_t columns, ir::TileBuilder &builder)
      : layout(layout), tensors(tensors), columns(columns), b(builder), buffers(layout.buffers.size()) {}

  void walk(size_t begin, size_t end) {
    for (size_t at = begin; at < end;) {
      if (auto *loop = std::get_if<schedule::Loop>(&layout.nodes[at])) {
        b.loop(loop->count, [&](AffineExpr index) {
          indices.push_back(index);
          walk(at + 1, loop->end);
          indices.pop_back();
        });
        at = loop->end;
        continue;
      }
      std::visit([this](const auto &action) { emit(action); }, layout.nodes[at]);
      ++at;
    }
  }

private:
  AffineExpr expression(const Affine &affine) const {
    AffineExpr sum = b.constant(affine.base);
    for (size_t d = 0; d < indices.size(); ++d)
      if (affine.step[d] != 0)
        sum = indices[d] * affine.step[d] + sum;
    return sum;
  }
  ir::Extent extent(const Extent &extent) const {
    return extent.clamped ? ir::Extent(extent.tile, expression(extent.limit)) : ir::Extent(extent.tile);
  }
  template <size_t rank> SmallVector<ir::Extent> box(const std::array<Extent, rank> &extents) const {
    SmallVector<ir::Extent> result;
    for (const Extent &each : extents)
      result.push_back(extent(each));
    return result;
  }
  template <size_t rank> ir::View view(const schedule::ViewOf<rank> &view) const {
    return {buffers[view.buffer], expression(view.offset),
            SmallVector<int64_t>(view.strides.begin(), view.strides.end())};
  }
  SmallVector<AffineExpr> coordinates(const std::array<Affine, 4> &at) const {
    return llvm::map_to_vector(at, [&](const Affine &each) { return expression(each); });
  }
  static ir::ReduceFunction function(numerics::ReduceFunction function) {
    return function == numerics::ReduceFunction::Sum ? ir::ReduceFunction::Sum : ir::ReduceFunction::Max;
  }

  void emit(const schedule::Loop &) { llvm_unreachable("loops are opened by the walk"); }
  void emit(const schedule::Alloc &alloc) {
    const schedule::Buffer &buffer = layout.buffers[alloc.buffer];
    buffers[alloc.buffer] =
        buffer.accumulator ? b.accumulators(buffer.name, buffer.shape[0], columns, buffer.unit, buffer.slots)
                           : b.alloc(buffer.name, buffer.shape,
                                     toMlirType(b.builder.getContext(), buffer.type), buffer.slots);
  }
  void emit(const schedule::Load &load) {
    b.load(tensors[load.tensor], coordinates(load.at), box(load.box), view(load.to), load.fill);
  }
  void emit(const schedule::Store &store) {
    b.store(view(store.from), tensors[store.tensor], coordinates(store.at), box(store.box));
  }
  void emit(const schedule::LoadWeights &load) {
    b.loadWeights(load.unit, expression(load.bank), view(load.weights), box(load.k), extent(load.n),
                  /*nStride=*/1);
  }
  void emit(const schedule::Multiply &multiply) {
    b.multiply(multiply.unit, expression(multiply.bank), view(multiply.rows), multiply.kStrides,
               box(multiply.m), box(multiply.k), view(multiply.accumulator), expression(multiply.accumulate));
  }
  void emit(const schedule::Drain &drain) {
    b.drain(drain.unit, view(drain.accumulator), box(drain.m), extent(drain.n), view(drain.to),
            /*nStride=*/1);
  }
  void emit(const schedule::Map &map) {
    SmallVector<ir::View> inputs;
    for (size_t i = 0; i < map.inputCount; ++i)
      inputs.push_back(view(map.inputs[i]));
    b.map(ir::toTile(map.function), box(map.box), view(map.to), inputs, map.immediate);
  }
  void emit(const schedule::Reduce &reduce) {
    b.reduce(function(reduce.function), box(reduce.box), {reduce.dimension}, view(reduce.to),
             view(reduce.input), expression(reduce.accumulate));
  }
  void emit(const schedule::Pool &pool) {
    b.pool(function(pool.function), box(pool.box), pool.window, pool.windowStrides, view(pool.to),
           view(pool.input));
  }
  void emit(const schedule::PoolGrad &grad) {
    b.poolGrad(function(grad.function), box(grad.box), grad.window, grad.windowStrides, view(grad.to),
               view(grad.gradient), grad.x ? std::optional(view(*grad.x)) : std::nullopt);
  }
  void emit(const schedule::External &external) {
    SmallVector<Value> places;
    for (int buffer : external.buffers)
      places.push_back(buffers[buffer]);
    b.external(external.body, places);
  }

  const Layout &layout;
  ArrayRef<Value> tensors;
  int64_t columns;
  ir::TileBuilder &b;
  SmallVector<AffineExpr> indices;
  std::vector<Value> buffers;
};

} // namespace

void emitLayout(const Layout &layout, ArrayRef<Value> tensors, int64_t columns, ir::TileBuilder &builder) {
  Walker(layout, tensors, columns, builder).walk(0, layout.nodes.size());
}

} // namespace arsis::compiler
