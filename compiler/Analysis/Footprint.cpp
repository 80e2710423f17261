// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bounds of accesses, buffers by their declared effects, loops with known trip counts.
#include "compiler/Analysis/Footprint.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace arsis::tile;

namespace arsis::compiler {
namespace {

/// Upper bound of offset + sum over dims of max(0, stride * (size - 1)); the span upwards.
int64_t highest(const Footprint &footprint, ArrayRef<int64_t> trips) {
  SmallVector<const FootprintDim *> clamped;
  Linear fixed = footprint.position[0];
  for (const FootprintDim &dim : footprint.dims) {
    if (dim.stride <= 0)
      continue;
    if (dim.limit && clamped.size() < 4)
      clamped.push_back(&dim);
    else
      fixed.constant += dim.stride * (dim.tile - 1);
  }
  // A size is at most its tile and at most its limit: every choice of one of the two is a bound, the least
  // one holds.
  std::optional<int64_t> best;
  for (unsigned choice = 0; choice < (1u << clamped.size()); ++choice) {
    Linear bound = fixed;
    for (auto [i, dim] : llvm::enumerate(clamped)) {
      if (choice >> i & 1) {
        bound = bound + *dim->limit * dim->stride;
        bound.constant -= dim->stride;
      } else {
        bound.constant += dim->stride * (dim->tile - 1);
      }
    }
    int64_t value = bound.maximum(trips);
    best = best ? std::min(*best, value) : value;
  }
  return *best;
}

} // namespace

SmallVector<Touch> touchesOf(Operation *op) {
  SmallVector<Touch> touches;
  SmallVector<MemoryEffects::EffectInstance> effects;
  cast<MemoryEffectOpInterface>(op).getEffects(effects);
  for (const MemoryEffects::EffectInstance &effect : effects) {
    Value buffer = effect.getValue();
    if (!buffer)
      continue;
    auto *touch = llvm::find_if(touches, [&](const Touch &t) { return t.buffer == buffer; });
    if (touch == touches.end()) {
      touches.push_back({buffer});
      touch = &touches.back();
    }
    touch->reads |= isa<MemoryEffects::Read>(effect.getEffect());
    touch->writes |= isa<MemoryEffects::Write>(effect.getEffect());
  }
  return touches;
}

std::pair<int64_t, int64_t> offsetRange(const Footprint &footprint, ArrayRef<int64_t> trips) {
  Footprint mirrored = footprint;
  mirrored.position[0] = mirrored.position[0] * -1;
  for (FootprintDim &dim : mirrored.dims)
    dim.stride = -dim.stride;
  return {-highest(mirrored, trips), highest(footprint, trips)};
}

std::optional<int64_t> tripCount(scf::ForOp loop) {
  std::optional<int64_t> begin = getConstantIntValue(loop.getLowerBound());
  std::optional<int64_t> end = getConstantIntValue(loop.getUpperBound());
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  if (!begin || !end || !step || *begin != 0 || *step != 1 || *end < 1)
    return std::nullopt;
  return end;
}

SmallVector<int64_t> tripCountsOf(EngineOpInterface op) {
  SmallVector<int64_t> trips;
  for (Value index : op.getIndices())
    trips.push_back(*tripCount(cast<scf::ForOp>(cast<BlockArgument>(index).getOwner()->getParentOp())));
  return trips;
}

SmallVector<TensorOp> tensorsWrittenBy(EngineOpInterface op) {
  SmallVector<TensorOp> tensors;
  for (const Touch &touch : touchesOf(op))
    if (touch.writes && isa<DramAttr>(cast<MemRefType>(touch.buffer.getType()).getMemorySpace()))
      tensors.push_back(rootTensor(touch.buffer));
  return tensors;
}

TensorOp rootTensor(Value value) {
  while (auto alias = value.getDefiningOp<AliasOp>())
    value = alias.getSource();
  return value.getDefiningOp<TensorOp>();
}

} // namespace arsis::compiler
