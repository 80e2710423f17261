// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Footprints of the engine ops: one method per op, each the op's documented addressing.
#include "dialects/Tile/IR/FootprintCollector.h"

using namespace mlir;
using namespace arsis::tile;

std::vector<Footprint> LoadOp::getFootprints() {
  FootprintCollector c(*this);
  c.tensor(getTensor(), getCoordinates(), getBox(), false);
  c.view(getDestination(), getView(), getBox(), false, true);
  return c.result;
}

std::vector<Footprint> StoreOp::getFootprints() {
  FootprintCollector c(*this);
  c.view(getSource(), getView(), getBox(), true, false);
  c.tensor(getTensor(), getCoordinates(), getBox(), true);
  return c.result;
}

std::vector<Footprint> LoadWeightsOp::getFootprints() {
  FootprintCollector c(*this);
  Footprint &source = c.buffer(getSource(), getView().getOffset(), true, false);
  c.box(source, getKBox(), getView().getStrides());
  c.box(source, getNBox(), {int64_t(getNStride())});
  return c.result;
}

std::vector<Footprint> MultiplyOp::getFootprints() {
  FootprintCollector c(*this);
  Footprint &source = c.buffer(getSource(), getView().getOffset(), true, false);
  c.box(source, getMBox(), getView().getStrides());
  c.box(source, getKBox(), getKStrides());
  c.view(getAccumulators(), getAccView(), getMBox(), true, true);
  return c.result;
}

std::vector<Footprint> DrainOp::getFootprints() {
  FootprintCollector c(*this);
  c.view(getAccumulators(), getAccView(), getMBox(), true, false);
  Footprint &destination = c.buffer(getDestination(), getView().getOffset(), false, true);
  c.box(destination, getMBox(), getView().getStrides());
  c.box(destination, getNBox(), {int64_t(getNStride())});
  return c.result;
}

std::vector<Footprint> MapOp::getFootprints() {
  FootprintCollector c(*this);
  c.view(getDestination(), getDestinationView(), getBox(), false, true);
  for (auto [i, input] : llvm::enumerate(getInputs()))
    c.view(input, getInputView(i), getBox(), true, false);
  return c.result;
}

std::vector<Footprint> ReduceOp::getFootprints() {
  FootprintCollector c(*this);
  c.view(getInput(), getInputView(), getBox(), true, false);
  SmallVector<int64_t> strides(getView().getStrides());
  for (int64_t d : getReduced())
    strides[d] = 0;
  c.box(c.buffer(getDestination(), getView().getOffset(), true, true), getBox(), strides);
  return c.result;
}

std::vector<Footprint> PoolOp::getFootprints() {
  FootprintCollector c(*this);
  c.view(getDestination(), getView(), getBox(), false, true);
  c.view(getInput(), getInputView(), getBox(), true, false);
  c.window(c.result.back(), getWindow(), getWindowStrides());
  return c.result;
}

std::vector<Footprint> PoolGradOp::getFootprints() {
  FootprintCollector c(*this);
  c.view(getGradient(), getGradientView(), getBox(), true, false);
  c.view(getDestination(), getView(), getBox(), true, true);
  c.window(c.result.back(), getWindow(), getWindowStrides());
  if (!getX())
    return c.result;
  c.box(c.buffer(getX(), *getXOffset(), true, false), getBox(), getView().getStrides());
  c.window(c.result.back(), getWindow(), getWindowStrides());
  return c.result;
}
