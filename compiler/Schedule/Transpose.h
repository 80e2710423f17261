// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transposition by DMA: a tile is loaded in the source's order into the result's order and stored. Dimensions
// of one element are dropped beyond rank four, and neighbours that stay neighbours become one dimension.
#ifndef ARSIS_COMPILER_SCHEDULE_TRANSPOSE_H
#define ARSIS_COMPILER_SCHEDULE_TRANSPOSE_H

#include "compiler/Schedule/Space.h"

namespace arsis::schedule {

struct Transposition {
  int source = 0, result = 0;       // values
  std::vector<int64_t> shape;       // of the result
  std::vector<int64_t> permutation; // dimension i of the result is dimension permutation[i] of the source
  numerics::ElementType sourceType = numerics::ElementType::F32, resultType = numerics::ElementType::F32;
};
/// Nothing if the unit is none.
std::optional<Transposition> transpositionIn(const Unit &unit);

class TransposeSpace : public Space {
public:
  TransposeSpace(const ChipLimits &limits, Transposition transposition);

  std::vector<Field> fields() const override;
  Evaluation evaluate(const Choice &choice) const override;
  Layout layout(const Choice &choice) const override;

  const Transposition transposition;

private:
  struct Tiling {
    LoopOrder order; // over the result's dimensions
    Shape4 tile;
    Buffer buffer;
  };
  Tiling tiling(const Choice &choice) const;

  Shape4 shape = {1, 1, 1, 1}; // of the result
  bool fits;                   // it has four dimensions at most; else there is no choice
};

} // namespace arsis::schedule

#endif
