// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mappings of what the vector unit does on a matrix of rows (pixels) by columns (channels): elementwise
// operations, sums per channel, batch normalisation, softmax with cross entropy; and of transposition by DMA.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_VECTORPROBLEM_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_VECTORPROBLEM_H

#include "compiler/Transforms/Map/Problem.h"

namespace arsis::compiler {

/// Tiles [rows, columns] of a matrix, columns outermost so that channel vectors are loaded once per column
/// tile. The rows may be the reduction of a plan with the one dim `planDim`; then a tile is a chunk.
class MatrixProblem : public MappingProblem {
public:
  struct Needs {
    int64_t rows = 1, columns = 1;
    int64_t matrixBuffers = 1;  // of a tile's size, through DRAM, ringed
    int64_t temporaries = 0;    // of a tile's size
    int64_t channelVectors = 0; // one element per column of a tile
    int64_t rowVectors = 0;     // one element per row of a tile
    int64_t labels = 0;         // the same, through DRAM, ringed
    int64_t scalars = 0;
    int64_t vectorPasses = 1;    // vector instructions over a tile, for the cost
    int64_t dramPasses = 1;      // tiles moved per tile position
    bool wholeColumns = false;   // columns must not be cut (softmax)
    std::string planDim;         // empty: no reduction over rows
    int64_t most = 1 << 30;      // rows of a chunk at most
    bool mayStay = false;        // keeping all rows in the scratchpad saves transfers: field "resident"
    int64_t residentBuffers = 0; // that hold all rows then
    int64_t replaced = 0;        // matrix buffers that they replace
    int64_t residentDramPasses = 1;
  };
  MatrixProblem(const Machine &machine, const Needs &needs) : MappingProblem(machine), needs(needs) {}

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Plan plan(const Choice &choice) const override;
  std::vector<std::string> planFields() const override {
    return needs.planDim.empty() ? std::vector<std::string>{} : std::vector<std::string>{"rows"};
  }

  struct Layout {
    int64_t rows, columns; // of a tile
    int64_t rowTiles, columnTiles;
    int64_t slots; // of buffers filled per tile
    bool resident;
  };
  Layout layout(const Choice &choice) const;

  Needs needs;

private:
  enum FieldIndex { Rows, Columns, Slots, Resident };
};

/// Transposition: a tile is loaded in the source's order into the result's order and stored.
class TransposeProblem : public MappingProblem {
public:
  /// `fits`: the transposition has four dimensions at most; else there is no choice.
  TransposeProblem(const Machine &machine, std::array<int64_t, 4> shape, bool fits = true)
      : MappingProblem(machine), shape(shape), fits(fits) {}

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;

  struct Layout {
    LoopOrder order; // over the result's dimensions
    std::array<int64_t, 4> tile;
    Buffer buffer;
  };
  Layout layout(const Choice &choice) const;

  std::array<int64_t, 4> shape; // of the result
  bool fits;
};

} // namespace arsis::compiler

#endif
