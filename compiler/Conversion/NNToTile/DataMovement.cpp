// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// transpose (the DMA reads in the source's order and writes the tile in the result's), reshape (the same
// bytes), constant (a tensor with an initial value), and the plain copy.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Transforms/Map/Families.h"

using namespace mlir;

namespace arsis::compiler {

LogicalResult lowerTranspose(nn::TransposeOp op, Emitter &e) {
  std::unique_ptr<TransposeProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  TransposeProblem::Layout l = problem->layout(*choice);
  TransposeShape merged = transposeShape(op);
  SmallVector<int64_t> sourceShape(merged.permutation.size());
  for (auto [dim, size] : llvm::zip_equal(merged.permutation, merged.result))
    sourceShape[dim] = size;
  Value from = e.dram(op.getX(), sourceShape), to = e.dram(op.getY(), merged.result);
  int64_t lead = 4 - int64_t(merged.permutation.size());
  SmallVector<int64_t> source(4); // of each dimension of the result
  for (int64_t d = 0; d < 4; ++d)
    source[d] = d < lead ? d : merged.permutation[d - lead] + lead;
  SmallVector<AffineExpr> index;
  e.nest(l.order, index, {},
         [&] {
           View stored = View::whole(e.alloc(l.buffer)), loaded = stored;
           SmallVector<AffineExpr> at(4), sourceAt(4);
           SmallVector<Extent> box, sourceBox(4, Extent(1));
           for (int64_t d = 0; d < 4; ++d) {
             at[d] = index[d] * l.tile[d];
             box.push_back(e.extent(l.tile[d], problem->shape[d], at[d]));
             sourceAt[source[d]] = at[d];
             sourceBox[source[d]] = box[d];
             loaded.strides[source[d]] = stored.strides[d];
           }
           e.b.load(from, sourceAt, sourceBox, loaded);
           e.b.store(stored, to, at, box);
         },
         {});
  return success();
}

LogicalResult lowerReshape(nn::ReshapeOp op, Emitter &e) {
  // A result that must appear under a name of its own was placed before; its source is an alias of it then.
  e.setDram(op.getY(), e.dram(op.getX(), storedShape(op.getY())));
  return success();
}

LogicalResult lowerConstant(nn::ConstantOp op, Emitter &e) {
  auto type = cast<RankedTensorType>(op.getY().getType());
  tile::TensorOp tensor = e.b.tensor(e.uniqueName("constant"), tile::TensorRole::Constant,
                                     storedShape(op.getY()), type.getElementType());
  tensor.setInitialAttr(op.getValue());
  e.setDram(op.getY(), tensor);
  return success();
}

void emitCopy(Value from, Value to, Emitter &e) {
  auto type = cast<MemRefType>(from.getType());
  int64_t elements = type.getNumElements();
  constexpr int64_t kSlots = 2;
  int64_t tile = std::min(elements, e.machine.scratchpadBytes / kSlots / kBufferAlignment * kBufferAlignment /
                                        kElementBytes);
  Value source = e.b.alias(from, {elements}), target = e.b.alias(to, {elements});
  int64_t tiles = ceilDiv(elements, tile);
  AffineExpr zero = e.constant(0);
  e.b.loop(tiles, [&](AffineExpr i) {
    View view =
        View::whole(e.alloc({"copy", {1, 1, 1, tile}, tiles > 1 ? kSlots : 1}, type.getElementType()));
    SmallVector<Extent> box = {1, 1, 1, e.extent(tile, elements, i * tile)};
    e.b.load(source, {zero, zero, zero, i * tile}, box, view);
    e.b.store(view, target, {zero, zero, zero, i * tile}, box);
  });
}

} // namespace arsis::compiler
