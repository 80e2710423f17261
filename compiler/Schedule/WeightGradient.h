// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weight gradient on the array: a long sum over pixels. The stationary operand is a chunk of gradient
// pixels by output channels, the streamed operand is the transposed input with M = (kernel row, kernel
// column, channel); the accumulator holds the tile of the result over all chunks. The DMA turns the streamed
// tile to (image, row, channel, column), so that a row of K is contiguous in the scratchpad.
//
// Loops, outermost first: kh (kernel rows), c (input channels), j (output columns), then n, h, w (tiles of
// pixels); or j before kh. Inside: column blocks, chunks of images, rows, columns. Tiles of pixels follow one
// another in the plan's lexicographic order of chunks, so a dimension is cut only if all outer ones hold a
// single chunk per tile. The groups of a grouped convolution are a loop around all others (Groups.h). A
// product of several has results between different groups too, off the diagonal: nobody stores them.
#ifndef ARSIS_COMPILER_SCHEDULE_WEIGHTGRADIENT_H
#define ARSIS_COMPILER_SCHEDULE_WEIGHTGRADIENT_H

#include "compiler/Schedule/Groups.h"
#include "compiler/Schedule/Split.h"

namespace arsis::schedule {

/// Pixels that are stationary together: images, rows, columns.
struct PixelChunk {
  int64_t n, h, w;
};
/// The chunk for which the array streams the fewest rows: it cuts the pixels into few chunks, so that the
/// array's rows are full, and what lies apart of it takes a quarter of the banks at most, since other arrays
/// and the DMA want some too. Of equal ones that with the fewest images, then with the longest rows: it lies
/// closest together.
PixelChunk bestChunk(const ConvShape &shape, const ChipLimits &limits, int64_t elementBytes);

struct WeightGradientTiling {
  int g, kh, c, j, n, h, w; // positions of the loops in `order`
  LoopOrder order;
  GroupTiling groups;           // its tile is that of whole blocks
  Diagonal diagonal;            // of the result, where groups are together
  int64_t blockColumns, blockC; // of a unit's block; blockC: its channels
  int64_t tileN, tileH, tileW, tileKh, tileC, columns, blocks;
  int64_t chunkN, chunkH, chunkW;                 // pixels of one stationary chunk
  int64_t chunksN, chunksH, chunksW;              // chunks per tile
  Split split;                                    // of the rows: input channels
  int64_t splitC;                                 // the most channels of one array in a block
  TileRange sourceW;                              // of the streamed tile's columns
  int64_t sourceHeight;                           // rows of the streamed tile
  Buffer streamed, gradient, result, accumulator; // result: [kh, kw, C, N], or the diagonal of each tap
  int streamedLevel, gradientLevel, resultLevel;
};

class WeightGradient : public Space {
public:
  WeightGradient(const ChipLimits &limits, Convolution convolution)
      : Space(limits), convolution(std::move(convolution)), shape(this->convolution.shape) {}

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Choice essence(const Choice &choice) const override;
  Skips skips() const override {
    return limits.units == 1 && shape.groups == 1 ? Skips{Columns + 1, Slots, AccSlots + 1} : Skips{};
  }
  Layout layout(const Choice &choice) const override;
  Plan plan(const Choice &choice) const override;
  std::string planField(const std::string &dim) const override { return convolution.planField(dim); }
  /// REQUIRES: the choice is valid.
  WeightGradientTiling tiling(const Choice &choice) const;

  const Convolution convolution;
  const ConvShape &shape;
  /// The streamed tile of a tiling along both axes; the kernel's rows may be cut.
  Overhang overhangH(const WeightGradientTiling &tiling, const Affine &row, const Affine &kernelRow) const;
  Overhang overhangW(const WeightGradientTiling &tiling, const Affine &column) const;

private:
  enum FieldIndex {
    N,
    H,
    W,
    Kh,
    C,
    Columns,
    Loops,
    Slots,
    AccSlots,
    SplitColumns,
    SplitRows,
    ChunkN,
    ChunkH,
    ChunkW,
    Groups // and their pack; absent where there are none
  };
  std::vector<int64_t> packs() const;
  const char *findFault(const Choice &choice) const;
  const char *findFaultOfPixels(const Choice &choice) const;
  /// Of a tile of all tensors that are loaded for a factor, by a box of each type.
  double bytesOf(const ConvOperand &factor, const Shape4 &all, const Shape4 &tile,
                 std::array<BoxBytes, 5> &boxes) const;
  mutable std::array<BoxBytes, 5> streamedBox, gradientBox; // by the bytes of an element
  mutable BoxBytes resultBox, diagonalBox;
};

} // namespace arsis::schedule

#endif
