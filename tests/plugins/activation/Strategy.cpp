// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two strategies: `square` computes relu and square with one instruction where the vector strategy of the
// tree takes two, and `careless` returns a layout that reads behind its buffer.
#include "Activation.h"

#include "compiler/Schedule/LayoutBuilder.h"
#include "compiler/Schedule/Strategies.h"

#include <algorithm>

using namespace arsis;
using namespace arsis::schedule;

namespace activation {
namespace {

/// One loop over tiles of all elements in a row: load, one instruction, store.
class RowSpace : public Space {
public:
  RowSpace(const ChipLimits &limits, const Unit &unit)
      : Space(limits), elements(1), from(unit.values[0].type), to(unit.values[1].type) {
    for (int64_t extent : unit.values[0].shape)
      elements *= extent;
  }

  std::vector<Field> fields() const override {
    return {{"tiles.elements", tileSizes(elements, std::min<int64_t>(elements, 64)), {}},
            {"slots.tiles", {2, 1}, {}}};
  }

  Evaluation evaluate(const Choice &choice) const override {
    if (choice[Tile] < 1 || choice[Slots] < 1)
      return Evaluation::rejected("a tile or slot count is zero");
    const int64_t tile = std::min(choice[Tile], elements), tiles = ceilDiv(elements, tile);
    Evaluation e;
    const Layout whole = layout(choice);
    e.buffers.assign(whole.buffers.begin(), whole.buffers.end());
    e.loops = tiles > 1;
    e.computeCycles =
        double(tiles) * (double(tile) / double(limits.lanes) + double(limits.vectorStartupCycles));
    const double bytes = dramBoxBytes(limits, {1, 1, 1, elements}, {1, 1, 1, tile}, from);
    e.dramBytes = 2 * double(tiles) * bytes;
    e.transfers = 2 * double(tiles);
    e.startBytes = 2 * bytes;
    e.overlapped = choice[Slots] > 1;
    return e;
  }

  Layout layout(const Choice &choice) const override {
    const int64_t tile = std::min(choice[Tile], elements), tiles = ceilDiv(elements, tile);
    Buffer buffer;
    buffer.shape[3] = tile;
    buffer.slots = tiles > 1 ? choice[Slots] : 1;
    Layout layout;
    LayoutBuilder b(layout);
    const int x = b.tensor(0, {elements}, from), y = b.tensor(1, {elements}, to);
    b.loop(tiles, [&](const Affine &index) {
      const Box4 box = {1, 1, 1, b.extent(tile, elements, index * tile)};
      buffer.name = "operand";
      const View operand = b.whole(b.alloc(buffer)); // fp32: the DMA casts
      b.load(x, {0, 0, 0, index * tile}, box, operand);
      buffer.name = "result";
      const View result = b.whole(b.alloc(buffer));
      compute(b, box, operand, result);
      b.store(result, y, {0, 0, 0, index * tile}, box);
    });
    return layout;
  }

protected:
  virtual void compute(LayoutBuilder &b, const Box4 &box, const View &from, const View &to) const = 0;

private:
  enum FieldIndex { Tile, Slots };
  int64_t elements;
  numerics::ElementType from, to; // as they are stored
};

class Square final : public RowSpace {
public:
  Square(const ChipLimits &limits, const Unit &unit, const isa::ExternalInstruction &instruction)
      : RowSpace(limits, unit), instruction(instruction) {}

  /// Whether a unit is relu and square of one operand, whatever it is called.
  static bool isFor(const Unit &unit) {
    if (unit.parts.size() != 1)
      return false;
    const nn::Structure &s = unit.parts[0].structure;
    return s.combine == nn::Combine::None && s.operands.size() == 1 && s.after.size() == 2 &&
           s.after[0].function == numerics::VectorFunction::Relu && s.after[0].inputs[0].isOperand() &&
           s.after[1].function == numerics::VectorFunction::Multiply &&
           std::all_of(s.after[1].inputs.begin(), s.after[1].inputs.end(),
                       [](const nn::Input &input) { return input.isStep() && input.number == 0; });
  }

private:
  void compute(LayoutBuilder &b, const Box4 &box, const View &from, const View &to) const override {
    External square(instruction);
    square.extents(box).address(to).strides(to.strides).address(from).strides(from.strides);
    b.add(square);
  }

  const isa::ExternalInstruction &instruction;
};

class Careless final : public RowSpace {
public:
  using RowSpace::RowSpace;

private:
  void compute(LayoutBuilder &b, const Box4 &box, const View &from, const View &to) const override {
    View behind = from;
    behind.offset += 1;
    b.map(numerics::VectorFunction::Scale, box, to, {behind}, 0.5f);
  }
};

} // namespace

void bringStrategies(isa::Brought &brought, const isa::ExternalInstruction &instruction) {
  brought.add(Strategy{"square", [&instruction](const Unit &unit, const ChipLimits &limits) {
                         return Square::isFor(unit) ? std::make_unique<Square>(limits, unit, instruction)
                                                    : nullptr;
                       }});
  brought.add(Strategy{"careless", [](const Unit &unit, const ChipLimits &limits) {
                         return unit.name == "activation.half" ? std::make_unique<Careless>(limits, unit)
                                                               : nullptr;
                       }});
}

} // namespace activation
