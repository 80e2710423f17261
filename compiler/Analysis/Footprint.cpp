// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Footprints of the engine ops: one function per op, each the op's documented addressing.
#include "compiler/Analysis/Footprint.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace arsis::tile;

namespace arsis::compiler {
namespace {

/// Builds the footprints of one op.
class Collector {
public:
  explicit Collector(EngineOpInterface op) : dims(op.getIndices().size()) {}

  Footprint &buffer(Value value, AffineMap position, bool reads, bool writes) {
    Footprint footprint{value, reads, writes, {}, {}};
    for (AffineExpr expr : position.getResults())
      footprint.position.push_back(*Linear::of(expr, dims));
    result.push_back(footprint);
    return result.back();
  }

  void box(Footprint &footprint, ExtentsAttr extents, ArrayRef<int64_t> strides) {
    for (unsigned d = 0; d < extents.getRank(); ++d) {
      FootprintDim dim{strides[d], extents.getTile()[d], std::nullopt};
      if (AffineExpr limit = extents.getLimit(d))
        dim.limit = Linear::of(limit, dims);
      footprint.dims.push_back(dim);
    }
  }

  void window(Footprint &footprint, ArrayRef<int64_t> window, ArrayRef<int64_t> strides) {
    for (auto [size, stride] : llvm::zip_equal(window, strides))
      footprint.dims.push_back({stride, size, std::nullopt});
  }

  void view(Value value, ViewAttr view, ExtentsAttr extents, bool reads, bool writes) {
    box(buffer(value, view.getOffset(), reads, writes), extents, view.getStrides());
  }

  void tensor(Value value, AffineMap coordinates, ExtentsAttr extents, bool writes) {
    box(buffer(value, coordinates, !writes, writes), extents, SmallVector<int64_t>(extents.getRank(), 1));
  }

  std::vector<Footprint> result;
  unsigned dims;
};

void collect(LoadOp op, Collector &c) {
  c.tensor(op.getTensor(), op.getCoordinates(), op.getBox(), false);
  c.view(op.getDestination(), op.getView(), op.getBox(), false, true);
}

void collect(StoreOp op, Collector &c) {
  c.view(op.getSource(), op.getView(), op.getBox(), true, false);
  c.tensor(op.getTensor(), op.getCoordinates(), op.getBox(), true);
}

void collect(LoadWeightsOp op, Collector &c) {
  Footprint &source = c.buffer(op.getSource(), op.getView().getOffset(), true, false);
  c.box(source, op.getKBox(), op.getView().getStrides());
  c.box(source, op.getNBox(), {int64_t(op.getNStride())});
}

void collect(MultiplyOp op, Collector &c) {
  Footprint &source = c.buffer(op.getSource(), op.getView().getOffset(), true, false);
  c.box(source, op.getMBox(), op.getView().getStrides());
  c.box(source, op.getKBox(), op.getKStrides());
  c.view(op.getAccumulators(), op.getAccView(), op.getMBox(), true, true);
}

void collect(DrainOp op, Collector &c) {
  c.view(op.getAccumulators(), op.getAccView(), op.getMBox(), true, false);
  Footprint &destination = c.buffer(op.getDestination(), op.getView().getOffset(), false, true);
  c.box(destination, op.getMBox(), op.getView().getStrides());
  c.box(destination, op.getNBox(), {int64_t(op.getNStride())});
}

void collect(MapOp op, Collector &c) {
  c.view(op.getDestination(), op.getDestinationView(), op.getBox(), false, true);
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    c.view(input, op.getInputView(i), op.getBox(), true, false);
}

void collect(ReduceOp op, Collector &c) {
  c.view(op.getInput(), op.getInputView(), op.getBox(), true, false);
  SmallVector<int64_t> strides(op.getView().getStrides());
  for (int64_t d : op.getReduced())
    strides[d] = 0;
  c.box(c.buffer(op.getDestination(), op.getView().getOffset(), true, true), op.getBox(), strides);
}

void collect(PoolOp op, Collector &c) {
  c.view(op.getDestination(), op.getView(), op.getBox(), false, true);
  c.view(op.getInput(), op.getInputView(), op.getBox(), true, false);
  c.window(c.result.back(), op.getWindow(), op.getWindowStrides());
}

void collect(PoolGradOp op, Collector &c) {
  c.view(op.getGradient(), op.getGradientView(), op.getBox(), true, false);
  c.view(op.getDestination(), op.getView(), op.getBox(), true, true);
  c.window(c.result.back(), op.getWindow(), op.getWindowStrides());
  if (!op.getX())
    return;
  c.box(c.buffer(op.getX(), *op.getXOffset(), true, false), op.getBox(), op.getView().getStrides());
  c.window(c.result.back(), op.getWindow(), op.getWindowStrides());
}

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

std::vector<Footprint> footprintsOf(EngineOpInterface op) {
  Collector collector(op);
  TypeSwitch<Operation *>(op)
      .Case<LoadOp, StoreOp, LoadWeightsOp, MultiplyOp, DrainOp, MapOp, ReduceOp, PoolOp, PoolGradOp>(
          [&](auto engine) { collect(engine, collector); })
      .Default([](Operation *unknown) {
        llvm::report_fatal_error("no footprint is known for engine op " + unknown->getName().getStringRef());
      });
  return collector.result;
}

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

TensorOp rootTensor(Value value) {
  while (auto alias = value.getDefiningOp<AliasOp>())
    value = alias.getSource();
  return value.getDefiningOp<TensorOp>();
}

} // namespace arsis::compiler
