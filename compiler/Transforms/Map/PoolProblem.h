// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mapping of pooling and its gradients. A forward tile reads its windows with a halo. A gradient tile owns a
// box of the input gradient, recomputes every window that touches it in a halo buffer and stores only the
// owned box, so that no two tiles add to the same element and the order of additions does not depend on the
// tiles.
//
// Loops, outermost first: n, h, w, c.
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_POOLPROBLEM_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_POOLPROBLEM_H

#include "compiler/Transforms/Map/Problem.h"

namespace arsis::compiler {

struct PoolLayout {
  LoopOrder order; // n, h, w, c
  std::array<int64_t, 4> tile;
  int level;
  // Forward: the input range of an output tile. Gradient: see PoolGradTile.
  TileRange sourceH, sourceW;
  PoolGradTile gradH, gradW;
  Buffer input, output, factor; // forward
  Buffer x, gradient, halo;     // gradient; x only for max, factor too
};

class PoolProblem : public MappingProblem {
public:
  enum Kind { Max, Average };
  /// `factors`: the average's divisor differs between windows, so a tensor of reciprocals takes part.
  PoolProblem(const Machine &machine, int64_t batch, const Window &h, const Window &w, int64_t channels,
              Kind kind, bool gradient, bool factors)
      : MappingProblem(machine), batch(batch), h(h), w(w), channels(channels), kind(kind), gradient(gradient),
        factors(factors) {}

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  /// REQUIRES: the choice is valid.
  PoolLayout layout(const Choice &choice) const;

  int64_t batch;
  Window h, w;
  int64_t channels;
  Kind kind;
  bool gradient, factors;

private:
  enum FieldIndex { N, H, W, C, Slots };
};

} // namespace arsis::compiler

#endif
