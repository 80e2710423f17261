// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution, its input gradient and the matrix product on the array, weight stationary. All
// three are one shape of computation: a tile of streamed pixels with a halo, a tile of stationary weights,
// and per tile a list of dense phases (one for forward and matrix product, up to stride x stride for the
// input gradient). Phases differ in little, so the search looks at them in groups of equal taps.
//
// Loops, outermost first: n, h, w (tiles of the result's pixels), j (tiles of result columns), k (tiles of
// reduction channels); or j before the pixels. Inside: column blocks of the tile, chunks of channels, kernel
// rows, kernel columns. The groups of a grouped convolution are a loop around all others (Groups.h); where a
// tile holds several, its column blocks are their packs, and neither columns nor channels are cut.
#ifndef ARSIS_COMPILER_SCHEDULE_CONTRACTION_H
#define ARSIS_COMPILER_SCHEDULE_CONTRACTION_H

#include "compiler/Schedule/Beside.h"
#include "compiler/Schedule/Groups.h"
#include "compiler/Schedule/Phases.h"
#include "compiler/Schedule/Split.h"

namespace arsis::schedule {

struct ContractionTiling {
  int64_t sumChunk = 0; // rows of a chunk of the sum over pixels; 0: there is none
  // Positions of the loops in `order`.
  int g, n, h, w, j, k;
  LoopOrder order;
  GroupTiling groups;           // its tile is that of whole blocks
  Diagonal diagonal;            // of the weights, where groups are together
  int64_t blockColumns, blockK; // of a unit's block; blockK: its channels, where groups are together
  int64_t tileN, tileH, tileW, tileK, columns; // columns of a result tile
  int64_t blocks;                              // column blocks per unit in a result tile
  int64_t chunkC, chunkKh, chunkKw, chunksPerTile;
  Split split;
  TileRange sourceH, sourceW;     // of the streamed tile
  int64_t positionsH, positionsW; // of a phase in a tile
  /// Which positions of a phase in a tile the arrays share: images if a tile has several, else rows, or the
  /// columns of one row; how many there are and the most that one array has.
  enum { Images, Rows, Columns } splitAxis;
  int64_t whole, splitPositions;
  std::vector<AxisPhase> phasesH, phasesW;
  Buffer streamed, weights, result; // weights: [kh, kw, K, N], or the diagonal of each tap
  Buffer accumulator;               // of each pair of phases with taps
  int streamedLevel, weightsLevel, resultLevel;
  bool resident; // the weights buffer holds all columns and channels
};

class Contraction : public Space {
public:
  /// Forward or GradInput.
  Contraction(const ChipLimits &limits, Convolution convolution);

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Choice essence(const Choice &choice) const override;
  Skips skips() const override {
    return limits.units == 1 && shape.groups == 1 ? Skips{Columns + 1, Slots, AccSlots + 1} : Skips{};
  }
  Layout layout(const Choice &choice) const override;
  Plan plan(const Choice &choice) const override;
  std::string planField(const std::string &dim) const override { return convolution.planField(dim); }
  /// Room for a vector of all columns, as an epilogue has them.
  Buffer vectors(const ContractionTiling &tiling) const;
  /// REQUIRES: the choice is valid.
  ContractionTiling tiling(const Choice &choice) const;

  const Convolution convolution;
  const ConvShape &shape;
  const bool forward;
  /// Reduction channels and result columns of a group: (channels, outputs) forward, exchanged for the input
  /// gradient.
  const int64_t reduced, columns;
  int64_t allColumns() const { return shape.groups * columns; }
  /// The streamed tile of a tiling along both axes.
  Overhang overhangH(const ContractionTiling &tiling, const Affine &index) const;
  Overhang overhangW(const ContractionTiling &tiling, const Affine &index) const;

protected:
  enum FieldIndex {
    N,
    H,
    W,
    K,
    Columns,
    Loops,
    Resident,
    Slots,
    AccSlots,
    SplitColumns,
    SplitRows,
    ChunkC,
    ChunkKh,
    ChunkKw,
    Groups // and their pack; absent where there are none
  };
  /// All of the tiling but its phases.
  ContractionTiling outline(const Choice &choice) const;
  /// The layout with other work on each streamed tile, unless `make` is empty.
  Layout layoutBeside(const Choice &choice, const MakeBeside &make) const;

private:
  std::vector<int64_t> packs() const;
  bool isProduct() const { return convolution.planDims.size() == 1; }
  int64_t pixelsH() const { return forward ? shape.h.output : shape.h.input; }
  int64_t pixelsW() const { return forward ? shape.w.output : shape.w.input; }
  const char *findFaultOfPixels(const Choice &choice) const;
  const char *findFault(const Choice &choice) const;
  int64_t sumChunkOf(const ContractionTiling &tiling) const;
  double bytesOfWeights(const ContractionTiling &tiling) const;
  /// Of a tile of each tensor that is streamed.
  double bytesOfStreamed(const ContractionTiling &tiling) const;
  std::vector<Phase> strideH, strideW; // of the input gradient
  GradientReach reachH, reachW;
  std::vector<TapGroup> groupsH, groupsW; // phases with taps
  int64_t maxTapsH, maxTapsW;
  mutable BoxBytes weightBox, diagonalBox;
  mutable std::array<BoxBytes, 5> streamedBox, resultBox; // by the bytes of an element
};

} // namespace arsis::schedule

#endif
