// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits tile IR: loops and engine ops, with affine expressions over the loops that are open. Dimension d of
// every expression is the loop at nesting depth d, so expressions combine freely and no induction variable is
// ever handled.
//
//   TileBuilder b(builder, location);
//   b.loop(8, [&](AffineExpr i) {                      // for i = 0 .. 7
//     Value x = b.alloc("x", {1, 4, 4, 16}, f32, 2);   // a double buffer: new generation in every iteration
//     b.load(tensor, {b.constant(0), i * 4, b.constant(0), b.constant(0)},
//            {1, {4, 30 - i * 4}, 4, 16}, View::whole(x));
//   });
//
// A loop of one iteration is not emitted: its body sees the constant 0.
#ifndef ARSIS_DIALECTS_TILE_IR_BUILDERS_H
#define ARSIS_DIALECTS_TILE_IR_BUILDERS_H

#include "dialects/Isa/Encoding/ExternalBody.h"
#include "dialects/Isa/Numerics/Functions.h"
#include "dialects/Tile/IR/Tile.h"
#include "mlir/IR/Builders.h"

namespace arsis::tile {

/// The tile dialect's name of an element function.
VectorFunction toTile(numerics::VectorFunction function);

/// Location for what an nn op becomes: its layer and phase, and the op's own name.
mlir::Location locationOf(mlir::Operation *nnOp);
/// The op name that `locationOf` kept; empty if the location has none.
llvm::StringRef opNameOf(mlir::Location location);

/// One size of a box: `tile`, or `clamp(limit, 0, tile)` if there is a limit.
struct Extent {
  int64_t tile;
  mlir::AffineExpr limit;
  Extent(int64_t tile, mlir::AffineExpr limit = {}) : tile(tile), limit(limit) {}
};

/// Row-major strides of a shape, in elements.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// Elements of a buffer: box element b lies at `offset + sum strides[d] * b[d]` (elements; rows for
/// accumulators). A null offset is 0.
struct View {
  mlir::Value buffer;
  mlir::AffineExpr offset;
  llvm::SmallVector<int64_t> strides;

  /// The buffer from its start with its row-major strides.
  static View whole(mlir::Value buffer);
  /// The buffer from element `at` (one expression per dimension) with its row-major strides.
  static View from(mlir::Value buffer, llvm::ArrayRef<mlir::AffineExpr> at);
};

class TileBuilder {
public:
  TileBuilder(mlir::OpBuilder &builder, mlir::Location location) : builder(builder), location(location) {}

  mlir::OpBuilder &builder;
  /// Location of every op that follows; the origin of the nn op being lowered.
  mlir::Location location;

  mlir::AffineExpr constant(int64_t value) const { return builder.getAffineConstantExpr(value); }

  /// Opens a loop of `count` iterations around what `body` emits. REQUIRES: count >= 1.
  void loop(int64_t count, llvm::function_ref<void(mlir::AffineExpr)> body);

  /// A tensor in DRAM, declared at the current place (top level of the program).
  TensorOp tensor(llvm::StringRef name, TensorRole role, llvm::ArrayRef<int64_t> shape, mlir::Type type);
  /// The same bytes under another shape.
  mlir::Value alias(mlir::Value tensor, llvm::ArrayRef<int64_t> shape);
  /// Some of the elements of a `tile.tensor`; without a name if it is one already under another shape.
  mlir::Value part(mlir::Value tensor, llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t offset,
                   llvm::ArrayRef<int64_t> strides);
  /// A scratchpad ring of `slots` buffers.
  mlir::Value alloc(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, mlir::Type type, int64_t slots = 1);
  /// A ring of accumulators: `rows` rows of `cols` columns (the chip's) of matrix unit `unit`.
  mlir::Value accumulators(llvm::StringRef name, int64_t rows, int64_t cols, int64_t unit, int64_t slots = 1);

  using Exprs = llvm::ArrayRef<mlir::AffineExpr>;
  using Extents = llvm::ArrayRef<Extent>;

  /// Coordinates, box and the view's strides have four dimensions; a tensor of lower rank has leading
  /// dimensions of 1.
  LoadOp load(mlir::Value tensor, Exprs coordinates, Extents box, const View &to, float fill = 0,
              int64_t queue = 0);
  StoreOp store(const View &from, mlir::Value tensor, Exprs coordinates, Extents box, int64_t queue = 0);

  /// kBox and the view's strides have three dimensions, mBox and acc strides too.
  LoadWeightsOp loadWeights(int64_t unit, mlir::AffineExpr bank, const View &weights, Extents kBox, Extent n,
                            int64_t nStride);
  MultiplyOp multiply(int64_t unit, mlir::AffineExpr bank, const View &rows, llvm::ArrayRef<int64_t> kStrides,
                      Extents mBox, Extents kBox, const View &acc, mlir::AffineExpr accumulate);
  DrainOp drain(int64_t unit, const View &acc, Extents mBox, Extent n, const View &to, int64_t nStride);

  /// Boxes and strides have four dimensions.
  MapOp map(VectorFunction function, Extents box, const View &to, llvm::ArrayRef<View> inputs,
            float immediate = 0);
  ReduceOp reduce(ReduceFunction function, Extents box, llvm::ArrayRef<int64_t> reduced, const View &to,
                  const View &input, mlir::AffineExpr accumulate);
  PoolOp pool(ReduceFunction function, Extents box, llvm::ArrayRef<int64_t> window,
              llvm::ArrayRef<int64_t> windowStrides, const View &to, const View &input);
  /// `x` only for Max; its strides are those of `to`.
  PoolGradOp poolGrad(ReduceFunction function, Extents box, llvm::ArrayRef<int64_t> window,
                      llvm::ArrayRef<int64_t> windowStrides, const View &to, const View &gradient,
                      std::optional<View> x = std::nullopt);

  /// An instruction from outside. `buffers` are those of its address fields, in order; loop k of its values
  /// is the k-th loop that is open.
  ExternalOp external(const isa::External &body, llvm::ArrayRef<mlir::Value> buffers);

private:
  mlir::AffineMap mapOf(Exprs exprs);
  ViewAttr viewOf(const View &view);
  ExtentsAttr extentsOf(Extents extents);

  llvm::SmallVector<mlir::Value> loops; // induction variables, outermost first
};

} // namespace arsis::tile

#endif // ARSIS_DIALECTS_TILE_IR_BUILDERS_H
