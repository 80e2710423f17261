// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves by DMA: a tile of one tensor is loaded in its order into the order of the other, and stored there.
// Transpositions, slices, pads and the pieces of concatenations and splits are such moves, one or several.
// Where a box is cut, and beyond rank four, dimensions of one element are dropped and neighbours that stay
// neighbours become one dimension. Of five that are left, one that comes first in both tensors is a loop.
#ifndef ARSIS_COMPILER_SCHEDULE_MOVE_H
#define ARSIS_COMPILER_SCHEDULE_MOVE_H

#include "compiler/Schedule/Space.h"

namespace arsis::schedule {

/// A box of a value that becomes a box of another one.
struct Move {
  /// A dimension, in the order of the result.
  struct Dimension {
    int64_t size;                   // of the box
    int64_t source;                 // its number in the source
    int64_t sourceAt, resultAt;     // where the box begins; in the source it may lie outside
    int64_t sourceSize, resultSize; // of the tensors
    bool isWhole() const { return size == sourceSize && size == resultSize; }
  };
  int source = 0, result = 0; // values
  std::vector<Dimension> dimensions;
  int64_t repeats = 1; // so many moves, one behind the other in both tensors
  numerics::ElementType sourceType = numerics::ElementType::F32, resultType = numerics::ElementType::F32;
  float fill = 0; // what lies outside of the source

  /// Of the tensors, as the dimensions cut them.
  std::vector<int64_t> sourceShape() const, resultShape() const;
};
/// Nothing if some part of the unit does more than that.
std::optional<std::vector<Move>> movesIn(const Unit &unit);

/// The moves one after the other, with tiles of one size.
class MoveSpace : public Space {
public:
  MoveSpace(const ChipLimits &limits, std::vector<Move> moves);

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Layout layout(const Choice &choice) const override;

  const std::vector<Move> moves;

private:
  struct Tiling {
    LoopOrder order; // over the dimensions of the box
    Shape4 shape = {1, 1, 1, 1}, tile;
    Buffer buffer;
  };
  Tiling tiling(const Move &move, const Choice &choice) const;
  void addTo(Layout &layout, const Move &move, const Choice &choice) const;

  bool fits = true;            // no move has more than four dimensions; else there is no choice
  Shape4 shape = {1, 1, 1, 1}; // the largest extents
};

} // namespace arsis::schedule

#endif
