// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the vector unit does on a matrix of rows (pixels, images) by columns (channels, classes): elementwise
// operations, sums over rows or columns, and sequences of both, such as batch normalisation and softmax.
//
// Tiles [rows, columns], columns outermost so that vectors with one element per column are loaded once per
// column tile. Rows may be the reduction of a plan; then a tile is one chunk or several.
#ifndef ARSIS_COMPILER_SCHEDULE_VECTOR_H
#define ARSIS_COMPILER_SCHEDULE_VECTOR_H

#include "compiler/Schedule/Space.h"
#include "compiler/Schedule/VectorProgram.h"

namespace arsis::schedule {

struct VectorTiling {
  int64_t rows, columns; // of a tile
  int64_t chunk;         // rows of a chunk of the plan's sum; a tile has one or several
  int64_t rowTiles, columnTiles;
  int64_t slots; // of buffers filled per tile
  bool resident; // what several stages read stays in the scratchpad, all rows of a column tile
};

class VectorSpace : public Space {
public:
  VectorSpace(const ChipLimits &limits, const Unit &unit, VectorProgram program);

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Choice essence(const Choice &choice) const override {
    Choice essence = choice;
    essence[Slots] = 0;
    return essence;
  }
  /// Those of its layout, in a small part of the time.
  std::vector<Buffer> buffersOf(const Choice &choice) const;
  Layout layout(const Choice &choice) const override;
  Plan plan(const Choice &choice) const override;
  std::string planField(const std::string &dim) const override {
    return dim == program.planDim ? "tiles.rows" : "";
  }
  VectorTiling tiling(const Choice &choice) const;

  const Unit unit;
  const VectorProgram program;
  std::vector<int> readAgain; // registers of matrices that several stages load

private:
  std::vector<int64_t> pitches; // of the rows of each value that is a matrix, in DRAM

  enum FieldIndex { Rows, Columns, Slots, Chunks, Resident };
};

} // namespace arsis::schedule

#endif
