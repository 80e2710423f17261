// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers, structures and gradients of the contractions. The three convolutions check one relation between
// x, w and y.

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

using namespace mlir;
using namespace arsis::nn;

template <typename Op>
static LogicalResult verifyConvolution(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> w, ArrayRef<int64_t> y) {
  ArrayRef<int64_t> strides = op.getStrides(), pads = op.getPads(), dilations = op.getDilations();
  if (!areAllBetween(strides, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "conv_c1", "strides to be 2 numbers from 1 to 2^31", toText(strides));
  if (!areAllBetween(pads, 4, 0, arsis::isa::kLargestExtent))
    return violates(op, "conv_c2", "pads to be 4 numbers from 0 to 2^31", toText(pads));
  if (!areAllBetween(dilations, 2, 1, arsis::isa::kLargestExtent))
    return violates(op, "conv_c3", "dilations to be 2 numbers from 1 to 2^31", toText(dilations));
  if (x[3] != w[2])
    return violates(op, "conv_c4", "as many input channels in the weight as in the input",
                    Twine(w[2]) + " and " + Twine(x[3]));
  SmallVector<int64_t, 4> expected = conv2dShape(x, w, strides, pads, dilations);
  if (expected[1] < 1 || expected[2] < 1)
    return violates(op, "conv_c5", "the dilated kernel to fit into the padded input",
                    "kernel " +
                        toText({dilatedKernel(w[0], dilations[0]), dilatedKernel(w[1], dilations[1])}) +
                        " and input " + toText({x[1] + pads[0] + pads[2], x[2] + pads[1] + pads[3]}));
  if (y != ArrayRef<int64_t>(expected))
    return violates(op, "conv_c6", "the output of the convolution to have shape " + toText(expected),
                    toText(y));
  return success();
}

LogicalResult Conv2dOp::verify() {
  return verifyConvolution(*this, shapeOf(getX()), shapeOf(getW()), shapeOf(getY()));
}

LogicalResult Conv2dGradInputOp::verify() {
  return verifyConvolution(*this, shapeOf(getGx()), shapeOf(getW()), shapeOf(getGy()));
}

LogicalResult Conv2dGradWeightOp::verify() {
  return verifyConvolution(*this, shapeOf(getX()), shapeOf(getGw()), shapeOf(getGy()));
}

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB()), c = shapeOf(getC());
  int64_t rows = a[getTransposeA()], contractedA = a[!getTransposeA()];
  int64_t contractedB = b[getTransposeB()], columns = b[!getTransposeB()];
  if (contractedA != contractedB)
    return violates(*this, "matmul_c1", "the contracted dimensions to agree",
                    Twine(contractedA) + " and " + Twine(contractedB));
  if (c != ArrayRef<int64_t>({rows, columns}))
    return violates(*this, "matmul_c2", "the product to have shape " + toText({rows, columns}), toText(c));
  return success();
}

// Reduced dimensions, structures

SmallVector<ReductionDim> Conv2dOp::getReductionDims() {
  ArrayRef<int64_t> w = shapeOf(getW());
  return {{"c", w[2]}, {"kh", w[0]}, {"kw", w[1]}};
}

SmallVector<ReductionDim> Conv2dGradInputOp::getReductionDims() {
  ArrayRef<int64_t> w = shapeOf(getW());
  return {{"co", w[3]}, {"kh", w[0]}, {"kw", w[1]}};
}

SmallVector<ReductionDim> Conv2dGradWeightOp::getReductionDims() {
  ArrayRef<int64_t> gy = shapeOf(getGy());
  return {{"n", gy[0]}, {"oh", gy[1]}, {"ow", gy[2]}};
}

SmallVector<ReductionDim> MatmulOp::getReductionDims() { return {{"k", shapeOf(getA())[!getTransposeA()]}}; }

// Vertical and horizontal windows of the forward operation.
template <typename Op> static std::pair<WindowAxis, WindowAxis> axesOf(Op op) {
  ArrayRef<int64_t> strides = op.getStrides(), pads = op.getPads(), dilations = op.getDilations();
  return {{strides[0], dilations[0], pads[0]}, {strides[1], dilations[1], pads[1]}};
}

// A sum of products of the two operands' elements, without steps.
static Structure contraction(std::vector<Dimension> domain, Access first, Access second, Access result) {
  Structure s;
  s.domain = std::move(domain);
  s.operands = {std::move(first), std::move(second)};
  s.results = {std::move(result)};
  s.combine = Combine::Fma;
  s.terms = {0, 1};
  s.resultOf = {Input::combined()};
  return s;
}

// The elements of x under the windows at output positions h and w.
template <typename Op> static Access underWindows(Op op, int n, int h, int w, int c, int kh, int kw) {
  auto [vertical, horizontal] = axesOf(op);
  Access x = accessOf({n, h, w, c});
  x.indices[1] = vertical.position(h, kh);
  x.indices[2] = horizontal.position(w, kw);
  x.outside = Outside::Zero;
  return x;
}

Structure Conv2dOp::getStructure() {
  enum { N, OH, OW, CO, C, KH, KW };
  ArrayRef<int64_t> w = shapeOf(getW()), y = shapeOf(getY());
  Structure s = contraction(
      {{"n", y[0]}, {"oh", y[1]}, {"ow", y[2]}, {"co", y[3]}, {"c", w[2]}, {"kh", w[0]}, {"kw", w[1]}},
      underWindows(*this, N, OH, OW, C, KH, KW), accessOf({KH, KW, C, CO}), accessOf({N, OH, OW, CO}));
  s.reduction = cutEach(s.domain, {C, KH, KW}, {KH, KW, C});
  return s;
}

Structure Conv2dGradInputOp::getStructure() {
  enum { N, IH, IW, C, CO, KH, KW };
  ArrayRef<int64_t> w = shapeOf(getW()), gx = shapeOf(getGx());
  auto [vertical, horizontal] = axesOf(*this);
  Access gy = accessOf({N, IH, IW, CO});
  gy.indices[1] = vertical.window(IH, KH);
  gy.indices[2] = horizontal.window(IW, KW);
  gy.outside = Outside::Zero;
  Structure s = contraction(
      {{"n", gx[0]}, {"ih", gx[1]}, {"iw", gx[2]}, {"c", gx[3]}, {"co", w[3]}, {"kh", w[0]}, {"kw", w[1]}},
      gy, accessOf({KH, KW, C, CO}), accessOf({N, IH, IW, C}));
  s.reduction = cutEach(s.domain, {CO, KH, KW}, {KH, KW, CO});
  return s;
}

Structure Conv2dGradWeightOp::getStructure() {
  enum { KH, KW, C, CO, N, OH, OW };
  ArrayRef<int64_t> gw = shapeOf(getGw()), gy = shapeOf(getGy());
  Structure s = contraction(
      {{"kh", gw[0]}, {"kw", gw[1]}, {"c", gw[2]}, {"co", gw[3]}, {"n", gy[0]}, {"oh", gy[1]}, {"ow", gy[2]}},
      underWindows(*this, N, OH, OW, C, KH, KW), accessOf({N, OH, OW, CO}), accessOf({KH, KW, C, CO}));
  s.reduction = cutEach(s.domain, {N, OH, OW}, {N, OH, OW});
  return s;
}

Structure MatmulOp::getStructure() {
  enum { M, N, K };
  ArrayRef<int64_t> c = shapeOf(getC());
  Structure s = contraction({{"m", c[0]}, {"n", c[1]}, {"k", shapeOf(getA())[!getTransposeA()]}},
                            getTransposeA() ? accessOf({K, M}) : accessOf({M, K}),
                            getTransposeB() ? accessOf({N, K}) : accessOf({K, N}), accessOf({M, N}));
  s.reduction = cutEach(s.domain, {K}, {K});
  return s;
}

// Gradients

LogicalResult Conv2dOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                 SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  Value gy = resultGrads[0];
  if (operandNeedsGrad[1])
    operandGrads[1] = Conv2dGradWeightOp::create(builder, withPhase(getLoc(), phase::kBackwardWeight),
                                                 getW().getType(), getX(), gy, getStridesAttr(),
                                                 getPadsAttr(), getDilationsAttr(), nullptr, nullptr);
  if (operandNeedsGrad[0])
    operandGrads[0] = Conv2dGradInputOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                                getX().getType(), gy, getW(), getStridesAttr(), getPadsAttr(),
                                                getDilationsAttr(), nullptr, nullptr);
  return success();
}

LogicalResult MatmulOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                 SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  bool ta = getTransposeA(), tb = getTransposeB();
  // op(A)' = gc * op(B)^T and op(B)' = op(A)^T * gc; a transposed operand has the transposed gradient, which
  // swaps the factors and flips what each of them transposes.
  auto product = [&](StringRef phase, Type type, Value left, bool transposeLeft, Value right,
                     bool transposeRight) {
    return MatmulOp::create(builder, withPhase(getLoc(), phase), type, left, right, transposeLeft,
                            transposeRight, nullptr, nullptr);
  };
  Value gc = resultGrads[0];
  if (operandNeedsGrad[1])
    operandGrads[1] = tb ? product(phase::kBackwardWeight, getB().getType(), gc, true, getA(), ta)
                         : product(phase::kBackwardWeight, getB().getType(), getA(), !ta, gc, false);
  if (operandNeedsGrad[0])
    operandGrads[0] = ta ? product(phase::kBackwardInput, getA().getType(), getB(), tb, gc, true)
                         : product(phase::kBackwardInput, getA().getType(), gc, false, getB(), !tb);
  return success();
}
