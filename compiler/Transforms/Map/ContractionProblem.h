// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mapping of convolution, its input gradient and the matrix product onto the array, weight stationary. All
// three are one shape of computation: a tile of streamed pixels with a halo, a tile of stationary weights,
// and per tile a list of dense phases (one for forward and matrix product, up to stride x stride for the
// input gradient). Phases differ in little, so the search looks at them in groups of equal taps.
//
// Loops, outermost first: n, h, w (tiles of the result's pixels), j (tiles of result columns), k (tiles of
// reduction channels); or j before the pixels. Inside: column blocks of the tile, chunks of channels, kernel
// rows, kernel columns.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_CONTRACTIONPROBLEM_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_CONTRACTIONPROBLEM_H

#include "compiler/Transforms/Map/Problem.h"

namespace arsis::compiler {

/// A convolution of x[batch, h.input, w.input, channels] with w[h.kernel, w.kernel, channels, outputs]. A
/// matrix product a[M, K] * b[K, N] is batch 1, h all one, w.input = w.output = M, channels K, outputs N.
struct ConvShape {
  int64_t batch = 1;
  Window h, w;
  int64_t channels = 1, outputs = 1;
};

/// One phase along one axis: how positions, taps and results of a tile relate. Positions exist up to
/// clamp(limitBase + limitStep * tile, 0, positions).
struct AxisPhase {
  int64_t positions = 1, limitBase = 1, limitStep = 0;
  int64_t sourceBase = 0, sourceStep = 1,
          tapStep = 1;                            // in the streamed tile: of tap 0, per position, per tap
  int64_t taps = 1, firstTap = 0, kernelStep = 1; // kernel index of tap t is firstTap + t * kernelStep
  int64_t resultBase = 0, resultStep = 1;         // in the result tile
};

/// Phases along one axis that have equally many taps. Two groups with taps at most, since the numbers of taps
/// differ by one at most.
struct TapGroup {
  int64_t taps = 1, phases = 1;
};

struct ContractionLayout {
  // Positions of the loops in `order`.
  int n, h, w, j, k;
  LoopOrder order;
  int64_t tileN, tileH, tileW, tileK, columns; // columns of a result tile
  int64_t blocks;                              // column blocks per unit in a result tile
  int64_t chunkC, chunkKh, chunkKw, chunksPerTile;
  TileRange sourceH, sourceW;     // of the streamed tile
  int64_t positionsH, positionsW; // of a phase in a tile
  std::vector<AxisPhase> phasesH, phasesW;
  Buffer streamed, weights, result;
  Buffer accumulator; // of each pair of phases with taps
  int streamedLevel, weightsLevel, resultLevel;
  bool resident; // the weights buffer holds all columns and channels
};

class ContractionProblem : public MappingProblem {
public:
  enum Pass { Forward, GradInput };
  ContractionProblem(const Machine &machine, const ConvShape &shape, Pass pass);

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Plan plan(const Choice &choice) const override;
  std::vector<std::string> planFields() const override {
    return namedK ? std::vector<std::string>{"chunk_c"}
                  : std::vector<std::string>{"chunk_c", "chunk_kh", "chunk_kw"};
  }
  /// REQUIRES: the choice is valid.
  ContractionLayout layout(const Choice &choice) const;

  ConvShape shape;
  Pass pass;
  /// Reduction channels and result columns: (channels, outputs) forward, exchanged for the input gradient.
  int64_t reduced, columns;
  bool namedK = false; // the plan of a matrix product has the one dim "k"

private:
  enum FieldIndex { N, H, W, K, Blocks, ColumnsOuter, Resident, Slots, AccSlots, ChunkC, ChunkKh, ChunkKw };
  int64_t pixelsH() const { return pass == Forward ? shape.h.output : shape.h.input; }
  int64_t pixelsW() const { return pass == Forward ? shape.w.output : shape.w.input; }
  const char *findFault(const Choice &choice) const;
  /// All of the layout but its phases and their accumulators.
  ContractionLayout outline(const Choice &choice) const;
  std::vector<Phase> strideH, strideW; // of the input gradient
  GradientReach reachH, reachW;
  std::vector<TapGroup> groupsH, groupsW; // phases with taps
  int64_t maxTapsH, maxTapsW;
};

} // namespace arsis::compiler

#endif
