// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling and its gradients on the vector unit. A forward tile reads its windows with a halo. A gradient tile
// owns a box of the input gradient, recomputes every window that touches it in a halo buffer and stores only
// the owned box, so that no two tiles add to the same element and the order of additions does not depend on
// the tiles.
//
// Loops, outermost first: n, h, w, c.
#ifndef ARSIS_COMPILER_SCHEDULE_WINDOW_H
#define ARSIS_COMPILER_SCHEDULE_WINDOW_H

#include "compiler/Schedule/Space.h"

namespace arsis::schedule {

struct WindowTiling {
  LoopOrder order; // n, h, w, c
  std::array<int64_t, 4> tile;
  int level;
  // Forward: the input range of an output tile. Gradient: see PoolGradTile.
  TileRange sourceH, sourceW;
  PoolGradTile gradH, gradW;
  Buffer input, output, factor; // forward
  Buffer x, gradient, halo;     // gradient; x only for max, factor too
};

/// A pooling as its structure has it.
struct Pooling {
  int64_t batch = 1;
  Window h, w;
  int64_t channels = 1;
  bool average = false, gradient = false;
  float reciprocal = 1; // of an average whose windows all have as many elements
  int reciprocals = -1; // value that holds them [h.output, w.output] where they differ; -1: none
  int input = -1;       // value; -1 in the gradient of an average
  int outputGradient = -1;
  int result = 0;
};
/// Nothing if the unit is none.
std::optional<Pooling> poolingIn(const Unit &unit);

/// The sides of a window as an instruction walks them, and the step along each: rows, columns.
struct Taps {
  std::array<int64_t, 2> sides, steps;
};
/// A window of one line that is too long for a side walks the same taps in the same order as two sides. Fails
/// where it has no two factors that fit, or two sides already.
std::optional<Taps> foldLongSide(Taps taps);

class WindowSpace : public Space {
public:
  WindowSpace(const ChipLimits &limits, const Unit &unit, const Pooling &pooling);

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Choice essence(const Choice &choice) const override {
    Choice essence = choice;
    essence[Slots] = 0;
    return essence;
  }
  Layout layout(const Choice &choice) const override;
  /// REQUIRES: the choice is valid.
  WindowTiling tiling(const Choice &choice) const;

  const Pooling pooling;
  const Unit unit;

private:
  enum FieldIndex { N, H, W, C, Slots };
  std::string unfoldable; // why no instruction takes the window; empty: one does
};

} // namespace arsis::schedule

#endif
