// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the vector unit makes of a tile of other tensors before the array reads it as a factor: elementwise
// operations on tensors of the factor's shape, vectors with one element per channel, and scalars. So a cheap
// value is computed again where it is loaded and passes through no DRAM. What lies outside of the factor is
// zero after that. Where others read the factor too, it is stored by the way.
//
// Vectors and scalars are loaded in front of the loops over tiles.
#ifndef ARSIS_COMPILER_SCHEDULE_PROLOGUE_H
#define ARSIS_COMPILER_SCHEDULE_PROLOGUE_H

#include "compiler/Schedule/ChipLimits.h"
#include "compiler/Schedule/Geometry.h"
#include "compiler/Schedule/LayoutBuilder.h"
#include "compiler/Schedule/Rings.h"

#include <optional>
#include <vector>

namespace arsis::schedule {

struct Prologue {
  struct Tensor {
    int value = 0, reg = 0;
    numerics::ElementType type = numerics::ElementType::F32; // in DRAM
  };

  VectorProgram program;                        // of one stage, on rows (pixels) by columns (channels)
  int made = 0;                                 // the register of the factor
  int stored = -1;                              // the unit's value that the factor is stored as, if it is
  std::vector<Tensor> tensors;                  // what is loaded, in the order of the unit's values
  std::vector<VectorOperation> once, tile;      // that are the same for all pixels; on each tile
  Rings rings;                                  // of what lies in a tile
  std::vector<numerics::ElementType> tileTypes; // of the tensors that are loaded for each tile

  bool isStored() const { return stored >= 0; }
  /// How many tensors are moved for each tile.
  double transfers() const { return double(tileTypes.size()) + (isStored() ? 1 : 0); }
  numerics::ElementType madeType() const { return program.registers[made].type; }
  Reach reachOf(const Tensor &tensor) const { return program.registers[tensor.reg].reach; }

  /// Appends all its buffers but the tile of the factor itself, where a tile and what there is of a vector
  /// take those.
  template <class Buffers> void addBuffers(const Buffer &tile, const Buffer &channels, Buffers &all) const {
    Buffer buffer = tile;
    for (const numerics::ElementType type : tileTypes) {
      buffer.type = type;
      all.push_back(buffer);
    }
    buffer.slots = 1;
    for (size_t ring = 0; ring < rings.rings.size(); ++ring)
      if (int(ring) != rings.ringOf(made)) {
        buffer.type = rings.rings[ring].type;
        all.push_back(buffer);
      }
    buffer = channels;
    buffer.slots = vectorCount();
    if (buffer.slots > 0)
      all.push_back(buffer);
  }
  /// Cycles of the vector unit on a tile of so many elements.
  double cycles(const ChipLimits &limits, int64_t elements) const;

private:
  int64_t vectorCount() const {
    return static_cast<int64_t>(once.size() + tensors.size() - tileTypes.size());
  }
};

/// Room for a vector of so many elements.
inline Buffer vectorOf(int64_t elements) { return {"channels", {1, 1, 1, elements}}; }

/// Which parts of a unit make, directly or not, what its products read; none of these themselves.
std::vector<bool> partsBefore(const Unit &unit, const std::vector<const Part *> &products);

/// How the unit makes a value that products read, and stores it if it is a result. Nothing if it is made in
/// another way, or if somebody else reads what is computed on the way.
std::optional<Prologue> prologueIn(const Unit &unit, int value, const std::vector<const Part *> &products);

/// Positions of a tile along one dimension: it begins at `start`, which lies between `least` and `most`, in a
/// tensor of `size`.
struct Overhang {
  Affine start;
  int64_t least = 0, most = 0, size = 1;
  /// Whether some tile begins behind the end, so that it has nothing but padding.
  bool isBeside() const { return most > size; }
};

/// Of tile `index` among so many.
Overhang overhangOf(const TileRange &range, int64_t tiles, const Affine &index, int64_t size);

/// Writes a prologue into a layout.
class PrologueWriter {
public:
  /// A tile of the factor: where it lies in the tensors; dimension d of these is dimension axes[d] of the
  /// buffer. Its channels begin at `channel`.
  struct Tile {
    std::array<Affine, 4> at;
    Box4 box;
    std::array<int, 4> axes = {0, 1, 2, 3};
    Affine channel;
    std::optional<Overhang> h, w; // of dimensions 1 and 2 of the tensors
    Box4 stored = {};             // the part of the box that is stored: what lies in the tensor
  };

  PrologueWriter(const Prologue &prologue, LayoutBuilder &builder)
      : e(prologue), p(prologue.program), b(builder), places(p.registers.size()) {}

  /// `shape`: of the factor, in DRAM.
  void declareTensors(const std::vector<int64_t> &shape);
  /// `channels`: room for a vector.
  void begin(const Buffer &channels);
  /// A new tile; the number of its buffer.
  int make(const Buffer &room, const Tile &tile);

private:
  void map(const VectorOperation &operation, const Box4 &box, const Affine &channel, int channelAxis);
  void clear(int buffer, const Box4 &box, int dimension, const Overhang &overhang);

  const Prologue &e;
  const VectorProgram &p;
  LayoutBuilder &b;
  std::vector<int> tensors; // in the layout
  int storedTensor = 0;
  std::vector<View> places; // of each register; of a vector, of its first channel
};

} // namespace arsis::schedule

#endif
