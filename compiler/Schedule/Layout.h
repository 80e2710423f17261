// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a unit becomes on a chip, as data: loops, buffers, transfers and operations of engines, in the order
// in which one thread would execute them. Price, fit and emission read this and nothing else. It is a tree in
// a flat array: a loop is followed by its body, and knows where that ends.
//
// Expressions are affine in the indices of the loops around them, by depth: depth 0 is the outermost loop.
// Offsets, strides and box sizes count elements, rows in an accumulator.
#ifndef ARSIS_COMPILER_SCHEDULE_LAYOUT_H
#define ARSIS_COMPILER_SCHEDULE_LAYOUT_H

#include "dialects/Isa/Encoding/ExternalBody.h"
#include "dialects/Isa/Numerics/ElementType.h"
#include "dialects/Isa/Numerics/Functions.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace arsis::isa {
struct ExternalOperand;
} // namespace arsis::isa

namespace arsis::schedule {

constexpr int64_t kMostLoops = 8;        // hardware loops nest this deep
constexpr size_t kDeepest = 12;          // a layout may say more, and is refused
constexpr int64_t kBufferAlignment = 64; // bytes; no bank of a shipped chip is wider

/// base + sum of step[d] * index of the loop at depth d
struct Affine {
  int64_t base = 0;
  std::array<int64_t, kDeepest> step{};

  Affine(int64_t constant = 0) : base(constant) {}

  bool isConstant() const {
    for (int64_t s : step)
      if (s != 0)
        return false;
    return true;
  }
  int64_t at(const std::array<int64_t, kDeepest> &indices) const { return at(indices, kDeepest); }
  /// The same inside of so many loops.
  int64_t at(const std::array<int64_t, kDeepest> &indices, size_t depth) const {
    int64_t value = base;
    for (size_t d = 0; d < depth; ++d)
      value += step[d] * indices[d];
    return value;
  }
  Affine &operator+=(const Affine &other) {
    base += other.base;
    for (size_t d = 0; d < kDeepest; ++d)
      step[d] += other.step[d];
    return *this;
  }
  Affine &operator*=(int64_t factor) {
    base *= factor;
    for (int64_t &s : step)
      s *= factor;
    return *this;
  }
  friend Affine operator+(Affine a, const Affine &b) { return a += b; }
  friend Affine operator*(Affine a, int64_t factor) { return a *= factor; }
  friend Affine operator-(const Affine &a, const Affine &b) { return a + b * -1; }
};

/// One size of a box: `tile`, or clamp(limit, 0, tile) if `clamped`.
struct Extent {
  int64_t tile = 1;
  Affine limit;
  bool clamped = false;

  Extent(int64_t tile = 1) : tile(tile) {}
  Extent(int64_t tile, const Affine &limit) : tile(tile), limit(limit), clamped(true) {}

  int64_t at(const std::array<int64_t, kDeepest> &indices, size_t depth = kDeepest) const {
    if (!clamped)
      return tile;
    const int64_t value = limit.at(indices, depth);
    return value < 0 ? 0 : value < tile ? value : tile;
  }
};

using Shape4 = std::array<int64_t, 4>;
using Box3 = std::array<Extent, 3>;
using Box4 = std::array<Extent, 4>;

/// A ring of equal buffers in the scratchpad, or in the accumulators of one matrix unit (shape[0] rows).
/// Sizes saturate at 2^60, which no memory holds.
struct Buffer {
  const char *name = "";
  Shape4 shape = {1, 1, 1, 1};
  int64_t slots = 1;
  bool accumulator = false;
  int64_t unit = 0; // whose accumulators
  numerics::ElementType type = numerics::ElementType::F32;

  int64_t elements() const;
  /// Bytes, each slot rounded up to kBufferAlignment; rows in an accumulator.
  int64_t size() const;
  int64_t elementBytes() const { return numerics::sizeInBytes(type); }
};

/// A value of the unit in DRAM, under a shape of its own. The bytes are those of the value.
struct Tensor {
  int value = 0;              // number in the unit
  std::vector<int64_t> shape; // at most four dimensions, row-major
  numerics::ElementType type = numerics::ElementType::F32;
  std::vector<int64_t> strides = {}; // where the value is a view: of the elements, in DRAM
  int64_t offset = 0;                // elements behind an address at which a buffer may begin

  int64_t elementBytes() const { return numerics::sizeInBytes(type); }
};

/// Elements of a buffer: element b of the box lies at offset + sum of strides[d] * b[d].
template <size_t rank> struct ViewOf {
  int buffer = 0;
  Affine offset;
  std::array<int64_t, rank> strides{};
};
using View3 = ViewOf<3>;
using View = ViewOf<4>;

struct Loop {
  int64_t count = 2;
  size_t end = 0; // behind the last node of the body
};
/// Begins a new generation of the ring, which lives until the end of the loop's body.
struct Alloc {
  int buffer = 0;
};
/// A box of a tensor into a buffer, cast to the buffer's type; what lies outside of the tensor is filled.
struct Load {
  int tensor = 0;
  std::array<Affine, 4> at;
  Box4 box;
  View to;
  float fill = 0;
  /// Nothing that was done with the buffer since it was allocated touched these elements.
  bool apart = false;
};
/// A box of a buffer into a tensor, cast to the tensor's type.
struct Store {
  View from;
  int tensor = 0;
  std::array<Affine, 4> at;
  Box4 box;
};
struct LoadWeights {
  int64_t unit = 0;
  Affine bank; // modulo the number of banks
  View3 weights;
  Box3 k;
  Extent n;
};
struct Multiply {
  int64_t unit = 0;
  Affine bank;
  View3 rows;
  std::array<int64_t, 3> kStrides{};
  Box3 m, k;
  View3 accumulator;
  Affine accumulate; // overwrites where this is zero
};
struct Drain {
  int64_t unit = 0;
  View3 accumulator;
  Box3 m;
  Extent n;
  View3 to;
};
struct Map {
  numerics::VectorFunction function = numerics::VectorFunction::Copy;
  Box4 box;
  View to;
  std::array<View, 3> inputs;
  size_t inputCount = 0;
  float immediate = 0;
};
struct Reduce {
  numerics::ReduceFunction function = numerics::ReduceFunction::Sum;
  Box4 box;
  int dimension = 0; // of the box, the one that is reduced
  View to, input;
  Affine accumulate;
};
struct Pool {
  numerics::ReduceFunction function = numerics::ReduceFunction::Max;
  Box4 box;
  std::array<int64_t, 2> window, windowStrides;
  View to, input;
};
struct PoolGrad {
  numerics::ReduceFunction function = numerics::ReduceFunction::Max;
  Box4 box;
  std::array<int64_t, 2> window, windowStrides;
  View to, gradient;
  std::optional<View> x; // of a maximum; its strides are those of `to`
};

/// An instruction that a library brought. What an instance reads, writes and costs, and on which stream, is
/// said by the instruction (isa::workOf), here as to the machine. Fields are appended in the order of its
/// description:
///
///   External square(instruction);
///   square.extents(box).address(to).strides(to.strides).value(to type).address(x)...
struct External {
  explicit External(const isa::ExternalInstruction &instruction) { body.type = &instruction; }

  /// Where an operand of this type begins, in the current slot of the view's buffer.
  External &address(const View &view, numerics::ElementType type = numerics::ElementType::F32);
  External &affine(const Affine &value);
  External &extent(const Extent &value);
  template <size_t n> External &extents(const std::array<Extent, n> &box) {
    std::array<isa::Extent, n> field;
    for (size_t d = 0; d < n; ++d)
      field[d] = remember(box[d]);
    return value(field);
  }
  /// Throws arsis::Error if one does not fit the encoding.
  External &strides(const std::array<int64_t, 4> &values);
  External &value(isa::FieldValue field);

  isa::External body;       // loop d of its affine values is the loop at depth d
  std::vector<int> buffers; // of the address fields, in order
  std::vector<Extent> box;  // all its extents

private:
  isa::Extent remember(const Extent &extent);
};

using Node = std::variant<Loop, Alloc, Load, Store, LoadWeights, Multiply, Drain, Map, Reduce, Pool, PoolGrad,
                          External>;

/// The buffer of an operand of an instance.
int bufferOf(const External &external, const isa::ExternalOperand &operand);

struct Layout {
  std::vector<Tensor> tensors; // in the order in which they are to be declared
  std::vector<Buffer> buffers;
  std::vector<Node> nodes;
  int64_t loops = 0; // the deepest nest
};

/// Row-major strides of a shape.
Shape4 rowMajorStrides(const Shape4 &shape);

} // namespace arsis::schedule

#endif
