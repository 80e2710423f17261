// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds and canonical forms of data movement: a chain of reshapes is one, a transpose that moves nothing but
// unit dimensions is a reshape.

#include "dialects/NN/IR/NNDialect.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace arsis::nn;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getY().getType())
    return getX();
  if (auto value = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX()); value && value.isSplat())
    return value.resizeSplat(cast<ShapedType>(getY().getType()));
  return {};
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  for (auto [position, dim] : llvm::enumerate(getPermutation()))
    if (int64_t(position) != dim)
      return {};
  if (getX().getType() != getY().getType()) // it rounds
    return {};
  return getX();
}

namespace {

struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a reshape");
    rewriter.modifyOpInPlace(op, [&] { op.getXMutable().assign(inner.getX()); });
    return success();
  }
};

struct MergeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<TransposeOp>();
    if (!inner || getElementTypeOrSelf(inner.getX()) != getElementTypeOrSelf(inner.getY()))
      return rewriter.notifyMatchFailure(op, "operand is not a transpose, or one that rounds");
    SmallVector<int64_t> composed;
    for (int64_t dim : op.getPermutation())
      composed.push_back(inner.getPermutation()[dim]);
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(inner.getX());
      op.setPermutation(composed);
    });
    return success();
  }
};

struct TransposeOfUnitDimensions : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getX().getType()).getShape();
    int64_t previous = -1;
    for (int64_t dim : op.getPermutation()) {
      if (shape[dim] == 1)
        continue;
      if (dim < previous)
        return rewriter.notifyMatchFailure(op, "dimensions of more than one element change their order");
      previous = dim;
    }
    if (getElementTypeOrSelf(op.getX()) != getElementTypeOrSelf(op.getY()))
      return rewriter.notifyMatchFailure(op, "it rounds");
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getY().getType(), op.getX(), ScheduleAttr());
    return success();
  }
};

} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeReshapes>(context);
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeTransposes, TransposeOfUnitDimensions>(context);
}
