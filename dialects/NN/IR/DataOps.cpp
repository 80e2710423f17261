// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, structures and gradients of data movement and constants.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"
#include "llvm/ADT/SmallBitVector.h"

#include <numeric>

using namespace mlir;
using namespace arsis::nn;

LogicalResult ReshapeOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getY().getType());
  if (from.getNumElements() != to.getNumElements())
    return violates(*this, "reshape_c1", Twine(from.getNumElements()) + " elements in the result",
                    Twine(to.getNumElements()));
  if (from.getElementType() != to.getElementType()) {
    std::string expected, found;
    llvm::raw_string_ostream(expected) << from.getElementType();
    llvm::raw_string_ostream(found) << to.getElementType();
    return violates(*this, "reshape_c2", "elements of " + expected, found);
  }
  return success();
}

LogicalResult TransposeOp::verify() {
  ArrayRef<int64_t> permutation = getPermutation(), x = shapeOf(getX());
  llvm::SmallBitVector seen(x.size());
  for (int64_t dim : permutation)
    if (dim >= 0 && dim < int64_t(x.size()))
      seen.set(dim);
  if (permutation.size() != x.size() || !seen.all())
    return violates(*this, "transpose_c1", "a permutation of " + Twine(x.size()) + " dimensions",
                    toText(permutation));
  SmallVector<int64_t> expected;
  for (int64_t dim : permutation)
    expected.push_back(x[dim]);
  if (shapeOf(getY()) != ArrayRef<int64_t>(expected))
    return violates(*this, "transpose_c2", "a result of shape " + toText(expected), toText(shapeOf(getY())));
  return success();
}

LogicalResult ConstantOp::verify() {
  if (!getValue().isSplat())
    return violates(*this, "constant_c1", "all elements to have one value", "different values");
  return success();
}

LogicalResult GradientsOp::verify() {
  if (getNames().size() != getGradients().size())
    return violates(*this, "gradients_c1", Twine(getGradients().size()) + " names, one for each gradient",
                    Twine(getNames().size()));
  return success();
}

Value ReshapeOp::getViewed() { return getX(); }

Structure TransposeOp::getStructure() {
  Structure s;
  s.domain = dimensionsOf(shapeOf(getY()));
  std::vector<int> source(s.domain.size()), result(s.domain.size());
  std::iota(result.begin(), result.end(), 0);
  for (auto [position, dim] : llvm::enumerate(getPermutation()))
    source[dim] = position;
  s.operands = {accessOf(source)};
  s.results = {accessOf(result)};
  s.resultOf = {0};
  return s;
}

// Gradients

LogicalResult ReshapeOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] = ReshapeOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                                        resultGrads[0], nullptr);
  return success();
}

LogicalResult TransposeOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    ArrayRef<bool> operandNeedsGrad, SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(1, Value());
  if (!operandNeedsGrad[0])
    return success();
  SmallVector<int64_t> inverse(getPermutation().size());
  for (auto [position, dim] : llvm::enumerate(getPermutation()))
    inverse[dim] = position;
  operandGrads[0] = TransposeOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                                        resultGrads[0], inverse, nullptr);
  return success();
}
