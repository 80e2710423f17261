// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes a layout in the order of execution. A loop of one iteration is not written: its body sees the index
// 0, so strategies open every loop they can think of.
//
//   LayoutBuilder b(layout);
//   int x = b.tensor(0, {64, 32}, ElementType::F32);
//   b.loop(8, [&](const Affine &i) {
//     View tile = b.whole(b.alloc({"x", {1, 1, 8, 32}, 2})); // a new generation in every iteration
//     b.load(x, {0, 0, i * 8, 0}, {1, 1, 8, 32}, tile);
//   });
#ifndef ARSIS_COMPILER_SCHEDULE_LAYOUTBUILDER_H
#define ARSIS_COMPILER_SCHEDULE_LAYOUTBUILDER_H

#include "compiler/Schedule/Layout.h"
#include "compiler/Schedule/LoopOrder.h"

#include <algorithm>
#include <functional>

namespace arsis::schedule {

class LayoutBuilder {
public:
  /// For whoever asks what fits, the buffers alone are kept, and what else is written is dropped.
  enum class Keeps { All, Buffers };

  explicit LayoutBuilder(Layout &layout, Keeps keeps = Keeps::All) : keeps(keeps), layout(layout) {}

  const Keeps keeps;

  /// Opens a loop of `count` iterations around what `body` writes. REQUIRES: count >= 1.
  template <class Body> void loop(int64_t count, Body body) {
    if (count == 1)
      return body(Affine(0));
    const size_t at = open(count);
    body(indexAt(depth - 1));
    close(at);
  }

  /// A piece of work in a loop nest: written directly inside loop `level` (LoopOrder::kTop: outside of all),
  /// before or behind everything deeper.
  struct Action {
    int level;
    std::function<void()> write;
  };
  /// Opens the loops of `order` and writes `before`, the body, and `after`; `indices` receives the loops'
  /// indices.
  void nest(const LoopOrder &order, std::vector<Affine> &indices, const std::vector<Action> &before,
            const std::function<void()> &body, const std::vector<Action> &after);

  /// A value of the unit, to be read or written under a shape of at most four dimensions.
  int tensor(int value, std::vector<int64_t> shape, numerics::ElementType type);
  /// A new generation of a ring. Each call declares a ring of its own.
  int alloc(const Buffer &buffer);

  /// The buffer from its start with its row-major strides.
  View whole(int buffer) const { return {buffer, 0, strides(buffer)}; }
  Shape4 strides(int buffer) const { return rowMajorStrides(layout.buffers[buffer].shape); }

  template <class Action> void add(Action action) {
    if (keeps == Keeps::All)
      layout.nodes.push_back(std::move(action));
  }
  void load(int tensor, const std::array<Affine, 4> &at, const Box4 &box, const View &to, float fill = 0) {
    add(Load{tensor, at, box, to, fill});
  }
  void store(const View &from, int tensor, const std::array<Affine, 4> &at, const Box4 &box) {
    add(Store{from, tensor, at, box});
  }
  void map(numerics::VectorFunction function, const Box4 &box, const View &to,
           const std::vector<View> &inputs, float immediate = 0);

  /// clamp(total - start, 0, tile), constant where it can be. The starts are multiples of `tile` within outer
  /// tiles of `outer`, and the outer tiles begin below `total`; starts within the last outer tile may lie
  /// behind it.
  static Extent extent(int64_t tile, int64_t total, const Affine &start, int64_t outer);
  static Extent extent(int64_t tile, int64_t total, const Affine &start) {
    return extent(tile, total, start, tile);
  }
  /// What lies of an extent from `first` on, at most `most`.
  static Extent part(const Extent &whole, int64_t first, int64_t most);
  /// The rows of a product, or none where its block has no columns: a unit past the ragged edge must not
  /// stream rows against the weights of an earlier block. Clamps the first extent that is not clamped
  /// already; there always is one.
  static Box3 rowsIfAny(Box3 rows, const Extent &columns);

private:
  size_t open(int64_t count);
  void close(size_t at);
  static Affine indexAt(int64_t depth);

  Layout &layout;
  int64_t depth = 0;
};

/// Of a sum over rows of tiles, dimension 2 of the box, that of the first ones only: those of tile 0, which
/// has so many. Nothing of the other tiles.
inline Reduce sumOfFirst(Reduce sum, int64_t rows, const Affine &tile) {
  if (tile.isConstant() && tile.base == 0)
    sum.box[1] = 1;
  else
    sum.box[1] = Extent(1, Affine(1) - tile);
  sum.box[2] = rows;
  return sum;
}

inline bool isEmpty(const Box3 &box) {
  return std::any_of(box.begin(), box.end(), [](const Extent &extent) { return extent.tile == 0; });
}

} // namespace arsis::schedule

#endif
