// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the vector unit does with a tile of a product's result while it lies in the scratchpad: elementwise
// operations with tensors of the result's shape, vectors with one element per column and scalars, and sums
// over pixels. Only what somebody outside reads is stored.
//
// Vectors and scalars are loaded, and sums begun, in front of the loops over tiles; all of them leave behind
// these.
#ifndef ARSIS_COMPILER_SCHEDULE_EPILOGUE_H
#define ARSIS_COMPILER_SCHEDULE_EPILOGUE_H

#include "compiler/Schedule/ChipLimits.h"
#include "compiler/Schedule/LayoutBuilder.h"
#include "compiler/Schedule/Rings.h"

#include <optional>
#include <vector>

namespace arsis::schedule {

struct Epilogue {
  struct Tensor {
    int value = 0, reg = 0;
    bool isResult = false;
    numerics::ElementType type = numerics::ElementType::F32; // in DRAM
  };

  VectorProgram program;                   // of one stage, on rows (pixels) by columns
  int product = 0;                         // the register of what the product makes
  std::vector<Tensor> tensors;             // what is loaded and stored, in the order of the unit's values
  std::vector<VectorOperation> once, tile; // that are the same for all pixels; on each tile
  Rings rings;                             // of what lies in a tile
  struct Room {
    Reach reach;
    numerics::ElementType type;
    bool moved; // as of a ring
    int64_t count;
  };
  std::vector<Room> rooms; // equal ones once

  /// Whether it sums over pixels, so that tiles must cut these into chunks of a plan.
  bool sums() const { return program.sumsMatrices; }
  numerics::ElementType productType() const { return program.registers[product].type; }
  Reach reachOf(const Tensor &tensor) const { return program.registers[tensor.reg].reach; }

  /// Appends its buffers, where a tile of the result and what there is of a vector take those; equal ones as
  /// one with all their slots.
  template <class Buffers> void addBuffers(const Buffer &tile, const Buffer &columns, Buffers &all) const {
    for (const Room &room : rooms) {
      Buffer buffer = room.reach == Reach::Matrix ? tile : columns;
      if (room.reach == Reach::Scalar)
        buffer.shape = {1, 1, 1, 1};
      buffer.slots = (room.moved || room.reach != Reach::Matrix ? buffer.slots : 1) * room.count;
      buffer.type = room.type;
      all.push_back(buffer);
    }
  }
  /// Cycles of the vector unit on a tile of so many elements, whose rows it sums up in chunks.
  double cycles(const ChipLimits &limits, int64_t elements, int64_t chunks) const;
};

/// What all parts of a unit but its products, and those that make what these read, are to the first of them,
/// which makes a value of rank two or four, its columns last. Nothing if they are something else.
std::optional<Epilogue> epilogueIn(const Unit &unit, const std::vector<const Part *> &products);

/// Writes an epilogue into a layout.
class EpilogueWriter {
public:
  /// What there is of vectors between `begin` and `end`: room for them, and where in the tensors they begin.
  struct Columns {
    Buffer room;
    Affine first;
    Extent extent;
  };
  /// A tile of the result; its columns begin at `column` in the room of vectors.
  struct Tile {
    std::array<Affine, 4> at;
    Box4 box;
    Affine column;
  };

  EpilogueWriter(const Epilogue &epilogue, LayoutBuilder &builder)
      : e(epilogue), p(epilogue.program), b(builder), places(p.registers.size()) {}

  /// `shape`: of the result, in DRAM.
  void declareTensors(const std::vector<int64_t> &shape);
  void begin(const Columns &columns);
  /// Room as for `room`, filled from the tensors of the result's shape.
  void loadTile(const Buffer &room, const Tile &tile);
  /// Room for what lies in a tile; the number of the buffer that the product is to be written to.
  int allocTile(const Buffer &room);
  /// Sums go in chunks of `chunkRows` rows, and begin where `number` (of the tile among those that are summed
  /// together) is zero.
  void apply(const Tile &tile, int64_t chunks, int64_t chunkRows, const Affine &number);
  void store(const Tile &tile);
  void end(const Columns &columns);

private:
  View view(int reg, const Affine &column) const;
  void sum(const VectorOperation &operation, const Tile &tile, int64_t chunks, int64_t chunkRows,
           const Affine &number);
  void map(const VectorOperation &operation, const Box4 &box, const Affine &column);
  int tensorOf(const Epilogue::Tensor &tensor) const { return tensors[&tensor - e.tensors.data()]; }

  const Epilogue &e;
  const VectorProgram &p;
  LayoutBuilder &b;
  std::vector<int> tensors; // in the layout
  std::vector<View> places; // of each register; of a vector, of its first column
};

} // namespace arsis::schedule

#endif
