// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Helpers for what the vector unit does on a matrix of rows by columns: tiles of the matrix, one value per
// column (channel vectors), one value per row, and scalars, all as views of one four-dimensional box (1, 1,
// rows, columns).
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_MATRIX_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_MATRIX_H

#include "compiler/Conversion/NNToTile/Emitter.h"
#include "compiler/Transforms/Map/VectorProblem.h"

namespace arsis::compiler {

class MatrixEmitter {
public:
  MatrixEmitter(Emitter &e, const MatrixProblem &problem, const Choice &choice)
      : e(e), rows(problem.needs.rows), columns(problem.needs.columns), layout(problem.layout(choice)),
        rowIndex(e.constant(0)), columnIndex(e.constant(0)) {}

  Emitter &e;
  int64_t rows, columns; // of the whole matrix
  MatrixProblem::Layout layout;
  AffineExpr rowIndex, columnIndex; // number of the current tile

  void forColumnTiles(llvm::function_ref<void()> body);
  void forRowTiles(llvm::function_ref<void()> body);

  AffineExpr rowStart() const { return rowIndex * layout.rows; }
  AffineExpr columnStart() const { return columnIndex * layout.columns; }
  Extent rowExtent() const { return e.extent(layout.rows, rows, rowStart()); }
  Extent columnExtent() const { return e.extent(layout.columns, columns, columnStart()); }
  llvm::SmallVector<Extent> tileBox() const { return {1, 1, rowExtent(), columnExtent()}; }
  llvm::SmallVector<Extent> channelBox() const { return {1, 1, 1, columnExtent()}; }
  llvm::SmallVector<Extent> rowBox() const { return {1, 1, rowExtent(), 1}; }

  /// Buffers, and the views that align them with a tile.
  View tile(const char *name, int64_t slots = 1);
  View channels(const char *name);
  View rowVector(const char *name, mlir::Type type, int64_t slots = 1);
  View scalar(const char *name);

  /// A tile of a matrix in DRAM (of shape [rows, columns]) into a ring.
  View loadTile(const char *name, Value matrix);
  void storeTile(const View &tile, Value matrix);
  /// A channel vector (shape [columns]) for the current column tile.
  View loadChannels(const char *name, Value vector);
  void storeChannels(const View &channels, Value vector);
  View loadScalar(const char *name, Value tensor);

  /// All row tiles of the current column tile, loaded at once; and the current row tile in it.
  Value loadAllRows(const char *name, Value matrix);
  View rowsOf(Value resident);

  void map(tile::VectorFunction function, llvm::ArrayRef<Extent> box, const View &to,
           llvm::ArrayRef<View> inputs, float immediate = 0) {
    e.b.map(function, box, to, inputs, immediate);
  }
  /// total (+)= sum over the current tile's rows; the first tile overwrites.
  void sumRows(const View &tile, const View &total);
};

} // namespace arsis::compiler

#endif
