// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the engine ops: ranks of boxes and views agree, maps are linear in the op's indices, units
// match.
#include "dialects/Isa/Numerics/Functions.h"
#include "dialects/Tile/IR/Linear.h"
#include "dialects/Tile/IR/Tile.h"

using namespace mlir;
using namespace arsis::tile;
using namespace arsis;

namespace {

/// Checks shared by all engine ops; the first one that fails reports.
class EngineVerifier {
public:
  EngineVerifier(Operation *op, OperandRange indices) : op(op), count(indices.size()) {
    for (Value index : indices) {
      auto argument = dyn_cast<BlockArgument>(index);
      auto loop = argument ? dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp()) : scf::ForOp();
      if (!loop || loop.getInductionVar() != index) {
        fail() << "has an index that is not the induction variable of a loop";
        return;
      }
    }
    for (Value operand : op->getOperands())
      if (isa<MemRefType>(operand.getType()) &&
          !isa_and_nonnull<AllocOp, TensorOp, AliasOp>(operand.getDefiningOp())) {
        fail() << "has a buffer that no tile.alloc, tile.tensor or tile.alias makes";
        return;
      }
  }

  EngineVerifier &map(StringRef name, AffineMap map, unsigned results) {
    if (failed(result))
      return *this;
    if (map.getNumDims() != count || map.getNumSymbols() != 0)
      fail() << "has " << name << " over " << map.getNumDims() << " dimensions and " << map.getNumSymbols()
             << " symbols, expected " << count << " dimensions, one per index";
    else if (map.getNumResults() != results)
      fail() << "has " << name << " with " << map.getNumResults() << " results, expected " << results;
    else if (llvm::any_of(map.getResults(), [&](AffineExpr expr) { return !Linear::of(expr, count); }))
      fail() << "has " << name << " " << AffineMapAttr::get(map) << ", which is not linear";
    return *this;
  }

  EngineVerifier &view(StringRef name, ViewAttr view, unsigned rank) {
    map(name, view.getOffset(), 1);
    if (succeeded(result) && view.getStrides().size() != rank)
      fail() << "has " << name << " with " << view.getStrides().size() << " strides, expected " << rank;
    return *this;
  }

  EngineVerifier &extents(StringRef name, ExtentsAttr extents, unsigned rank) {
    if (succeeded(result) && extents.getRank() != rank)
      fail() << "has " << name << " of rank " << extents.getRank() << ", expected " << rank;
    return extents.getLimits() ? map(name, extents.getLimits(), rank) : *this;
  }

  EngineVerifier &require(bool condition, const Twine &message) {
    if (succeeded(result) && !condition)
      fail() << message;
    return *this;
  }

  EngineVerifier &unit(Value accumulators, uint64_t unit) {
    auto alloc = accumulators.getDefiningOp<AllocOp>();
    return require(!alloc || alloc.getUnit() == unit, "uses the accumulators of another matrix unit");
  }

  LogicalResult result = success();

private:
  InFlightDiagnostic fail() {
    result = failure();
    return op->emitOpError();
  }
  Operation *op;
  unsigned count;
};

} // namespace

static bool isPositive(ArrayRef<int64_t> sizes, unsigned count) {
  return sizes.size() == count && llvm::all_of(sizes, [](int64_t size) { return size >= 1; });
}

LogicalResult LoadOp::verify() {
  return EngineVerifier(*this, getIndices())
      .map("coordinates", getCoordinates(), 4)
      .extents("box", getBox(), 4)
      .view("view", getView(), 4)
      .result;
}

LogicalResult StoreOp::verify() {
  return EngineVerifier(*this, getIndices())
      .map("coordinates", getCoordinates(), 4)
      .extents("box", getBox(), 4)
      .view("view", getView(), 4)
      .result;
}

LogicalResult LoadWeightsOp::verify() {
  return EngineVerifier(*this, getIndices())
      .map("bank", getBank(), 1)
      .extents("k_box", getKBox(), 3)
      .extents("n_box", getNBox(), 1)
      .view("view", getView(), 3)
      .result;
}

LogicalResult MultiplyOp::verify() {
  return EngineVerifier(*this, getIndices())
      .map("bank", getBank(), 1)
      .extents("m_box", getMBox(), 3)
      .extents("k_box", getKBox(), 3)
      .view("view", getView(), 3)
      .require(getKStrides().size() == 3, "needs three k_strides")
      .view("acc_view", getAccView(), 3)
      .map("accumulate", getAccumulate(), 1)
      .unit(getAccumulators(), getUnit())
      .result;
}

LogicalResult DrainOp::verify() {
  return EngineVerifier(*this, getIndices())
      .extents("m_box", getMBox(), 3)
      .extents("n_box", getNBox(), 1)
      .view("acc_view", getAccView(), 3)
      .view("view", getView(), 3)
      .unit(getAccumulators(), getUnit())
      .result;
}

LogicalResult MapOp::verify() {
  EngineVerifier verifier(*this, getIndices());
  unsigned expected = numerics::kVectorFunctions[unsigned(getFunction())].operands;
  verifier.extents("box", getBox(), 4)
      .require(getInputs().size() == expected, "has " + Twine(getInputs().size()) + " inputs, expected " +
                                                   Twine(expected) + " for " +
                                                   stringifyVectorFunction(getFunction()))
      .require(getViews().size() == getInputs().size() + 1,
               "needs one view per buffer, the destination's first");
  for (Attribute view : getViews())
    verifier.view("view", cast<ViewAttr>(view), 4);
  return verifier.result;
}

LogicalResult ReduceOp::verify() {
  ArrayRef<int64_t> reduced = getReduced();
  bool ordered = !reduced.empty() && llvm::all_of(reduced, [](int64_t d) { return d >= 0 && d <= 3; });
  for (unsigned i = 1; i < reduced.size(); ++i)
    ordered &= reduced[i - 1] < reduced[i];
  return EngineVerifier(*this, getIndices())
      .extents("box", getBox(), 4)
      .require(ordered, "needs the reduced dimensions in ascending order, each of 0 to 3")
      .view("view", getView(), 4)
      .view("input_view", getInputView(), 4)
      .map("accumulate", getAccumulate(), 1)
      .require(getDestination().getType().getElementType().isF32(), "needs a destination of f32")
      .result;
}

LogicalResult PoolOp::verify() {
  return EngineVerifier(*this, getIndices())
      .extents("box", getBox(), 4)
      .require(isPositive(getWindow(), 2), "needs a window of two positive sizes")
      .require(getWindowStrides().size() == 2, "needs two window strides")
      .view("view", getView(), 4)
      .view("input_view", getInputView(), 4)
      .require(getDestination().getType().getElementType().isF32(), "needs a destination of f32")
      .result;
}

LogicalResult PoolGradOp::verify() {
  EngineVerifier verifier(*this, getIndices());
  verifier.extents("box", getBox(), 4)
      .require(isPositive(getWindow(), 2), "needs a window of two positive sizes")
      .require(getWindowStrides().size() == 2, "needs two window strides")
      .view("view", getView(), 4)
      .view("gradient_view", getGradientView(), 4)
      .require(bool(getX()) == (getFunction() == ReduceFunction::Max), "needs x for max, and only for max")
      .require(bool(getX()) == getXOffset().has_value(), "needs x and x_offset together")
      .require(getDestination().getType().getElementType().isF32(), "needs a destination of f32");
  if (getXOffset())
    verifier.map("x_offset", *getXOffset(), 1);
  return verifier.result;
}

StreamId LoadOp::getStreamId() { return {StreamKind::Load, int64_t(getQueue())}; }
StreamId StoreOp::getStreamId() { return {StreamKind::Store, int64_t(getQueue())}; }
StreamId LoadWeightsOp::getStreamId() { return {StreamKind::Matrix, int64_t(getUnit())}; }
StreamId MultiplyOp::getStreamId() { return {StreamKind::Matrix, int64_t(getUnit())}; }
StreamId DrainOp::getStreamId() { return {StreamKind::Drain, int64_t(getUnit())}; }
StreamId MapOp::getStreamId() { return {StreamKind::Vector, 0}; }
StreamId ReduceOp::getStreamId() { return {StreamKind::Vector, 0}; }
StreamId PoolOp::getStreamId() { return {StreamKind::Vector, 0}; }
StreamId PoolGradOp::getStreamId() { return {StreamKind::Vector, 0}; }
