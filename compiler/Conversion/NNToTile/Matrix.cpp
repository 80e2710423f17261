// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles of matrices for the vector unit.
#include "compiler/Conversion/NNToTile/Matrix.h"

using namespace mlir;

namespace arsis::compiler {

void MatrixEmitter::forColumnTiles(function_ref<void()> body) {
  e.b.loop(layout.columnTiles, [&](AffineExpr index) {
    columnIndex = index;
    body();
  });
  columnIndex = e.constant(0);
}

void MatrixEmitter::forRowTiles(function_ref<void()> body) {
  e.b.loop(layout.rowTiles, [&](AffineExpr index) {
    rowIndex = index;
    body();
  });
  rowIndex = e.constant(0);
}

View MatrixEmitter::tile(const char *name, int64_t slots) {
  return View::whole(e.alloc({name, {1, 1, layout.rows, layout.columns}, slots}));
}

View MatrixEmitter::channels(const char *name) {
  int64_t slots = layout.columnTiles > 1 ? 2 : 1;
  return {e.alloc({name, {1, 1, 1, layout.columns}, slots}), {}, {0, 0, 0, 1}};
}

View MatrixEmitter::rowVector(const char *name, Type type, int64_t slots) {
  return {e.alloc({name, {1, 1, layout.rows, 1}, slots}, type), {}, {0, 0, 1, 0}};
}

View MatrixEmitter::scalar(const char *name) { return {e.alloc({name, {1, 1, 1, 1}, 1}), {}, {0, 0, 0, 0}}; }

View MatrixEmitter::loadTile(const char *name, Value matrix) {
  View view = tile(name, layout.slots);
  e.b.load(matrix, {e.constant(0), e.constant(0), rowStart(), columnStart()}, tileBox(), view);
  return view;
}

void MatrixEmitter::storeTile(const View &tile, Value matrix) {
  e.b.store(tile, matrix, {e.constant(0), e.constant(0), rowStart(), columnStart()}, tileBox());
}

View MatrixEmitter::loadChannels(const char *name, Value vector) {
  View view = channels(name);
  e.b.load(vector, {e.constant(0), e.constant(0), e.constant(0), columnStart()}, channelBox(), view);
  return view;
}

void MatrixEmitter::storeChannels(const View &channels, Value vector) {
  e.b.store(channels, vector, {e.constant(0), e.constant(0), e.constant(0), columnStart()}, channelBox());
}

View MatrixEmitter::loadScalar(const char *name, Value tensor) {
  View view = scalar(name);
  AffineExpr zero = e.constant(0);
  e.b.load(tensor, {zero, zero, zero, zero}, {1, 1, 1, 1}, view);
  return view;
}

Value MatrixEmitter::loadAllRows(const char *name, Value matrix) {
  int64_t slots = layout.columnTiles > 1 ? layout.slots : 1;
  Value buffer = e.alloc({name, {1, 1, layout.rows * layout.rowTiles, layout.columns}, slots});
  AffineExpr zero = e.constant(0);
  e.b.load(matrix, {zero, zero, zero, columnStart()}, {1, 1, rows, columnExtent()}, View::whole(buffer));
  return buffer;
}

View MatrixEmitter::rowsOf(Value resident) {
  View view = View::whole(resident);
  view.offset = rowStart() * layout.columns;
  return view;
}

void MatrixEmitter::sumRows(const View &tile, const View &total) {
  e.b.reduce(tile::ReduceFunction::Sum, tileBox(), {2}, total, tile, rowIndex);
}

} // namespace arsis::compiler
