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
  const int64_t groups = op.getGroups();
  if (groups < 1 || groups > arsis::isa::kLargestExtent || w[3] % groups != 0)
    return violates(op, "conv_c7", "groups to be a number from 1 to 2^31 that divides the output channels",
                    Twine(groups) + " for " + Twine(w[3]) + " channels");
  if (x[3] != groups * w[2])
    return violates(op, "conv_c4",
                    groups == 1 ? "as many input channels in the weight as in the input"
                                : "as many input channels in the weight as in a group of the input",
                    Twine(w[2]) + " and " + Twine(x[3]) +
                        (groups == 1 ? Twine() : " in " + Twine(groups) + " groups"));
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

// Groups that are summed together are the plan's business too.
template <typename Op>
static SmallVector<ReductionDim> convolutionDims(Op op, StringRef channels, int64_t extent) {
  ArrayRef<int64_t> w = shapeOf(op.getW());
  SmallVector<ReductionDim> dims = {{channels, extent}, {"kh", w[0]}, {"kw", w[1]}};
  if (const int64_t groups = op.getGroups(); groups > 1)
    dims.insert(dims.begin(), ReductionDim{"g", groups});
  return dims;
}

SmallVector<ReductionDim> Conv2dOp::getReductionDims() {
  return convolutionDims(*this, "c", shapeOf(getW())[2]);
}

SmallVector<ReductionDim> Conv2dGradInputOp::getReductionDims() {
  return convolutionDims(*this, "co", shapeOf(getW())[3] / int64_t(getGroups()));
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

// Numbers of the dimensions of a convolution. Groups are a dimension if there are several; channels and
// outputs then are those of one.
struct ConvolutionDimensions {
  enum { None = -1 };
  int n, h, w, g, c, co, kh, kw;
};

// A channel of an image or a weight, counted over groups.
static Index channelOf(int group, int channel, const std::vector<Dimension> &domain) {
  if (group == ConvolutionDimensions::None)
    return {{{channel}}};
  return {{{group, domain[channel].extent}, {channel}}};
}

// The weight of a convolution, whose outputs are counted over groups.
static Access weightOf(const ConvolutionDimensions &d, const std::vector<Dimension> &domain) {
  Access w = accessOf({d.kh, d.kw, d.c, d.co});
  w.indices[3] = channelOf(d.g, d.co, domain);
  return w;
}

// The output of the forward operation, or a tensor like it.
static Access pixelOf(int n, int h, int w, const Index &channel) {
  Access access = accessOf({n, h, w, w});
  access.indices[3] = channel;
  return access;
}

// The elements of x under the windows at output positions h and w.
template <typename Op>
static Access underWindows(Op op, const ConvolutionDimensions &d, const std::vector<Dimension> &domain) {
  auto [vertical, horizontal] = axesOf(op);
  Access x = pixelOf(d.n, d.h, d.w, channelOf(d.g, d.c, domain));
  x.indices[1] = vertical.position(d.h, d.kh);
  x.indices[2] = horizontal.position(d.w, d.kw);
  x.outside = Outside::Zero;
  return x;
}

// The dimension of groups in front of the one at `position`, if there are several.
template <typename Op> static void insertGroups(Op op, std::vector<Dimension> &domain, int position) {
  if (const int64_t groups = op.getGroups(); groups > 1)
    domain.insert(domain.begin() + position, {"g", groups});
}

// The order of a sum over the channels of a group: several groups may be summed together.
static Reduction overChannels(const std::vector<Dimension> &domain, const ConvolutionDimensions &d,
                              int channel) {
  Reduction reduction = cutEach(domain, {channel, d.kh, d.kw}, {d.kh, d.kw, channel});
  if (d.g != ConvolutionDimensions::None)
    reduction.packed = Packed{domain[d.g].name, d.g, channel};
  return reduction;
}

Structure Conv2dOp::getStructure() {
  ArrayRef<int64_t> w = shapeOf(getW()), y = shapeOf(getY());
  const int64_t groups = getGroups();
  std::vector<Dimension> domain = {{"n", y[0]}, {"oh", y[1]}, {"ow", y[2]}, {"co", y[3] / groups},
                                   {"c", w[2]}, {"kh", w[0]}, {"kw", w[1]}};
  insertGroups(*this, domain, 3);
  const int first = groups > 1 ? 4 : 3;
  const ConvolutionDimensions d = {0,         1,     2,         groups > 1 ? 3 : ConvolutionDimensions::None,
                                   first + 1, first, first + 2, first + 3};
  Structure s = contraction(domain, underWindows(*this, d, domain), weightOf(d, domain),
                            pixelOf(d.n, d.h, d.w, channelOf(d.g, d.co, domain)));
  s.reduction = overChannels(domain, d, d.c);
  return s;
}

Structure Conv2dGradInputOp::getStructure() {
  ArrayRef<int64_t> w = shapeOf(getW()), gx = shapeOf(getGx());
  const int64_t groups = getGroups();
  std::vector<Dimension> domain = {{"n", gx[0]},          {"ih", gx[1]}, {"iw", gx[2]}, {"c", w[2]},
                                   {"co", w[3] / groups}, {"kh", w[0]},  {"kw", w[1]}};
  insertGroups(*this, domain, 3);
  const int first = groups > 1 ? 4 : 3;
  const ConvolutionDimensions d = {0,     1,         2,         groups > 1 ? 3 : ConvolutionDimensions::None,
                                   first, first + 1, first + 2, first + 3};
  auto [vertical, horizontal] = axesOf(*this);
  Access gy = pixelOf(d.n, d.h, d.w, channelOf(d.g, d.co, domain));
  gy.indices[1] = vertical.window(d.h, d.kh);
  gy.indices[2] = horizontal.window(d.w, d.kw);
  gy.outside = Outside::Zero;
  Structure s =
      contraction(domain, gy, weightOf(d, domain), pixelOf(d.n, d.h, d.w, channelOf(d.g, d.c, domain)));
  s.reduction = overChannels(domain, d, d.co);
  return s;
}

Structure Conv2dGradWeightOp::getStructure() {
  ArrayRef<int64_t> gw = shapeOf(getGw()), gy = shapeOf(getGy());
  const int64_t groups = getGroups();
  std::vector<Dimension> domain = {{"kh", gw[0]}, {"kw", gw[1]}, {"c", gw[2]}, {"co", gw[3] / groups},
                                   {"n", gy[0]},  {"oh", gy[1]}, {"ow", gy[2]}};
  insertGroups(*this, domain, 3);
  const int first = groups > 1 ? 4 : 3;
  const ConvolutionDimensions d = {
      first + 1, first + 2, first + 3, groups > 1 ? 3 : ConvolutionDimensions::None, 2, first, 0, 1};
  Structure s = contraction(domain, underWindows(*this, d, domain),
                            pixelOf(d.n, d.h, d.w, channelOf(d.g, d.co, domain)), weightOf(d, domain));
  s.reduction = cutEach(domain, {d.n, d.h, d.w}, {d.n, d.h, d.w});
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
    operandGrads[1] = Conv2dGradWeightOp::create(
        builder, withPhase(getLoc(), phase::kBackwardWeight), getW().getType(), getX(), gy, getStridesAttr(),
        getPadsAttr(), getDilationsAttr(), getGroupsAttr(), nullptr, nullptr);
  if (operandNeedsGrad[0])
    operandGrads[0] = Conv2dGradInputOp::create(builder, withPhase(getLoc(), phase::kBackwardInput),
                                                getX().getType(), gy, getW(), getStridesAttr(), getPadsAttr(),
                                                getDilationsAttr(), getGroupsAttr(), nullptr, nullptr);
  return success();
}

// Linear in gy and in w, so each gradient is one of the two other convolutions with gx's gradient as the
// image.
LogicalResult Conv2dGradInputOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                          ArrayRef<bool> operandNeedsGrad,
                                          SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(2, Value());
  Value ggx = resultGrads[0];
  if (operandNeedsGrad[1])
    operandGrads[1] = Conv2dGradWeightOp::create(
        builder, withPhase(getLoc(), phase::kBackwardWeight), getW().getType(), ggx, getGy(),
        getStridesAttr(), getPadsAttr(), getDilationsAttr(), getGroupsAttr(), nullptr, nullptr);
  if (operandNeedsGrad[0])
    operandGrads[0] = Conv2dOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getGy().getType(),
                                       ggx, getW(), getStridesAttr(), getPadsAttr(), getDilationsAttr(),
                                       getGroupsAttr(), nullptr, nullptr);
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
