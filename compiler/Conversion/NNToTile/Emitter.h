// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every lowering works with: the builder of tile IR, the chip's limits, and the DRAM tensor behind each
// nn value. A lowering asks for its tensors before it opens a loop, since tensors and aliases live at the
// program's top level.
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_EMITTER_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_EMITTER_H

#include "compiler/Transforms/Map/Problem.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/Tile/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

namespace arsis::compiler {

using mlir::AffineExpr;
using mlir::Value;
using tile::Extent;
using tile::View;

/// The shape of a value's tensor in DRAM: beyond rank four, the leading dimensions are one.
llvm::SmallVector<int64_t> storedShape(Value value);

class Emitter {
public:
  Emitter(mlir::OpBuilder &builder, const Machine &machine, mlir::Location location)
      : b(builder, location), machine(machine) {}

  tile::TileBuilder b;
  Machine machine;

  AffineExpr constant(int64_t value) const { return b.constant(value); }
  mlir::Type f32() const { return b.builder.getF32Type(); }

  /// The tensor of an operand, or of a result; a result without a planned place becomes a temporary.
  Value dram(Value value);
  /// The same under another shape.
  Value dram(Value value, llvm::ArrayRef<int64_t> shape);
  void setDram(Value value, Value tensor) { storage[value] = tensor; }
  /// A tensor of given values.
  Value constantTensor(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values);
  /// `wanted`, or with a number appended if there is such a tensor already.
  std::string uniqueName(llvm::StringRef wanted);

  /// A ring in the scratchpad.
  Value alloc(const Buffer &buffer) { return alloc(buffer, f32()); }
  Value alloc(const Buffer &buffer, mlir::Type type);

  /// clamp(total - start, 0, tile), constant where it can be. The starts are multiples of `tile` within outer
  /// tiles of `outer`, and the outer tiles begin below `total`; starts within the last outer tile may lie
  /// behind it.
  Extent extent(int64_t tile, int64_t total, AffineExpr start, int64_t outer) const;
  Extent extent(int64_t tile, int64_t total, AffineExpr start) const {
    return extent(tile, total, start, tile);
  }
  /// The rows of a product, or none where its block has no columns: a unit past the ragged edge must not
  /// stream rows against the weights of an earlier block. Clamps the first extent that is not clamped
  /// already; there always is one.
  static llvm::SmallVector<Extent> rowsIfAny(llvm::SmallVector<Extent> rows, Extent columns);

  /// A piece of work in a loop nest: emitted directly inside loop `level` (LoopOrder::kTop: outside of all),
  /// before or behind everything deeper.
  struct Action {
    int level;
    std::function<void()> emit;
  };
  /// Opens the loops of `order` and emits `before`, the body, and `after`; `indices` receives the loops'
  /// indices.
  void nest(const LoopOrder &order, llvm::SmallVectorImpl<AffineExpr> &indices, llvm::ArrayRef<Action> before,
            llvm::function_ref<void()> body, llvm::ArrayRef<Action> after);

private:
  llvm::DenseMap<Value, Value> storage;
  llvm::StringSet<> names;
};

/// The choice that the mapping pass stored on `op`, checked against the problem; null after an error on `op`.
std::optional<Choice> readChoice(mlir::Operation *op, const MappingProblem &problem);

} // namespace arsis::compiler

#endif
