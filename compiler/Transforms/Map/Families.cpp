// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes and attributes of nn operations as mapping problems.
#include "compiler/Transforms/Map/Families.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace arsis::compiler {

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// A step that is never taken becomes 1, since it may be too long for an instruction: between the taps of a
/// kernel of one, and, unless the stride decides which input a phase owns (`phases`), between the windows of
/// an output of one.
Window window(int64_t axis, int64_t input, int64_t output, int64_t kernel, ArrayRef<int64_t> strides,
              ArrayRef<int64_t> pads, ArrayRef<int64_t> dilations, bool phases) {
  int64_t stride = output == 1 && !phases ? 1 : strides[axis], dilation = kernel == 1 ? 1 : dilations[axis];
  return {input, output, kernel, stride, dilation, pads[axis]};
}

template <typename Op> ConvShape convShape(Op op, Value x, Value w, Value y) {
  ArrayRef<int64_t> xs = shapeOf(x), ws = shapeOf(w), ys = shapeOf(y);
  auto axis = [&](int64_t d) {
    return window(d, xs[d + 1], ys[d + 1], ws[d], op.getStrides(), op.getPads(), op.getDilations(),
                  std::is_same_v<Op, nn::Conv2dGradInputOp>);
  };
  return {xs[0], axis(0), axis(1), ws[2], ws[3]};
}

} // namespace

std::pair<int64_t, int64_t> rowsAndColumns(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t columns = type.getRank() ? type.getShape().back() : 1;
  return {type.getNumElements() / columns, columns};
}

std::unique_ptr<ContractionProblem> makeProblem(nn::Conv2dOp op, const Machine &machine) {
  return std::make_unique<ContractionProblem>(machine, convShape(op, op.getX(), op.getW(), op.getY()),
                                              ContractionProblem::Forward);
}

std::unique_ptr<ContractionProblem> makeProblem(nn::Conv2dGradInputOp op, const Machine &machine) {
  return std::make_unique<ContractionProblem>(machine, convShape(op, op.getGx(), op.getW(), op.getGy()),
                                              ContractionProblem::GradInput);
}

std::unique_ptr<GradWeightProblem> makeProblem(nn::Conv2dGradWeightOp op, const Machine &machine) {
  return std::make_unique<GradWeightProblem>(machine, convShape(op, op.getX(), op.getGw(), op.getGy()));
}

std::unique_ptr<ContractionProblem> makeProblem(nn::MatmulOp op, const Machine &machine) {
  ConvShape shape;
  shape.w.input = shape.w.output = shapeOf(op.getC())[0];
  shape.outputs = shapeOf(op.getC())[1];
  shape.channels = shapeOf(op.getA())[op.getTransposeA() ? 0 : 1];
  auto problem = std::make_unique<ContractionProblem>(machine, shape, ContractionProblem::Forward);
  problem->namedK = true;
  return problem;
}

PoolGeometry poolGeometry(Operation *op) {
  auto numbers = [&](StringRef name) { return op->getAttrOfType<DenseI64ArrayAttr>(name).asArrayRef(); };
  PoolGeometry g;
  g.average = isa<nn::AvgPoolOp, nn::AvgPoolGradOp>(op);
  g.gradient = isa<nn::MaxPoolGradOp, nn::AvgPoolGradOp>(op);
  ArrayRef<int64_t> first = shapeOf(op->getOperands().back()), result = shapeOf(op->getResult(0));
  ArrayRef<int64_t> in = g.gradient ? result : first, out = g.gradient ? first : result;
  ArrayRef<int64_t> kernel = numbers("kernel"), pads = numbers("pads");
  g.batch = in[0];
  g.channels = in[3];
  g.h = window(0, in[1], out[1], kernel[0], numbers("strides"), pads, numbers("dilations"), g.gradient);
  g.w = window(1, in[2], out[2], kernel[1], numbers("strides"), pads, numbers("dilations"), g.gradient);
  g.uniform = true;
  if (!g.average)
    return g;
  bool includePad = op->getAttrOfType<BoolAttr>("count_include_pad").getValue();
  for (int64_t h = 0; h < g.h.output; ++h)
    for (int64_t w = 0; w < g.w.output; ++w) {
      int64_t count = windowCount(g.h, h, pads[2], includePad) * windowCount(g.w, w, pads[3], includePad);
      g.reciprocals.push_back(count ? float(1.0 / double(count)) : 0.0f); // all taps in the padding: 0
      g.uniform &= g.reciprocals.back() == g.reciprocals.front();
    }
  return g;
}

std::unique_ptr<PoolProblem> makePoolProblem(Operation *op, const Machine &machine) {
  PoolGeometry g = poolGeometry(op);
  return std::make_unique<PoolProblem>(machine, g.batch, g.h, g.w, g.channels,
                                       g.average ? PoolProblem::Average : PoolProblem::Max, g.gradient,
                                       !g.uniform);
}

// The most rows of one chunk of a pixel sum. A sum of P pixels in chunks of n rounds like n + P / n additions
// in a row, least at the square root of P; shorter chunks than kLeast would not amortise an instruction,
// longer ones than kMost gain nothing.
static int64_t mostPixelsPerChunk(int64_t pixels) {
  constexpr int64_t kLeast = 16, kMost = 256;
  return std::clamp<int64_t>(int64_t(std::lround(std::sqrt(double(pixels)))), kLeast, kMost);
}

static MatrixProblem::Needs pixelSum(Value x) {
  MatrixProblem::Needs needs;
  std::tie(needs.rows, needs.columns) = rowsAndColumns(x);
  needs.planDim = "p";
  needs.most = mostPixelsPerChunk(needs.rows);
  return needs;
}

std::unique_ptr<MatrixProblem> makeProblem(nn::ChannelSumOp op, const Machine &machine) {
  MatrixProblem::Needs needs = pixelSum(op.getX());
  needs.channelVectors = 1;
  return std::make_unique<MatrixProblem>(machine, needs);
}

std::unique_ptr<MatrixProblem> makeProblem(nn::BatchNormOp op, const Machine &machine) {
  MatrixProblem::Needs needs = pixelSum(op.getX());
  needs.matrixBuffers = 4; // x in three passes, y
  needs.temporaries = 1;
  needs.channelVectors = 8;
  needs.vectorPasses = 7;
  needs.dramPasses = 4;
  needs.mayStay = true;
  needs.residentBuffers = 1;
  needs.replaced = 3;
  needs.residentDramPasses = 2;
  return std::make_unique<MatrixProblem>(machine, needs);
}

std::unique_ptr<MatrixProblem> makeProblem(nn::BatchNormGradOp op, const Machine &machine) {
  MatrixProblem::Needs needs = pixelSum(op.getX());
  needs.matrixBuffers = 5; // x and gy in two passes, gx
  needs.temporaries = 2;
  needs.channelVectors = 8;
  needs.vectorPasses = 11;
  needs.dramPasses = 5;
  needs.mayStay = true;
  needs.residentBuffers = 2;
  needs.replaced = 4;
  needs.residentDramPasses = 3;
  return std::make_unique<MatrixProblem>(machine, needs);
}

std::unique_ptr<MatrixProblem> makeProblem(nn::SoftmaxCrossEntropyOp op, const Machine &machine) {
  MatrixProblem::Needs needs;
  std::tie(needs.rows, needs.columns) = rowsAndColumns(op.getLogits());
  needs.matrixBuffers = 2;
  needs.temporaries = 2;
  needs.rowVectors = 5;
  needs.labels = 1;
  needs.scalars = 1; // the loss
  needs.vectorPasses = 8;
  needs.dramPasses = 2;
  needs.wholeColumns = true;
  needs.planDim = "n";
  return std::make_unique<MatrixProblem>(machine, needs);
}

std::unique_ptr<MatrixProblem> makeProblem(nn::SoftmaxCrossEntropyGradOp op, const Machine &machine) {
  MatrixProblem::Needs needs;
  std::tie(needs.rows, needs.columns) = rowsAndColumns(op.getProbabilities());
  needs.matrixBuffers = 2;
  needs.temporaries = 1;
  needs.labels = 1;
  needs.scalars = 1; // the gradient of the loss
  needs.vectorPasses = 3;
  needs.dramPasses = 2;
  needs.wholeColumns = true;
  return std::make_unique<MatrixProblem>(machine, needs);
}

TransposeShape transposeShape(nn::TransposeOp op) {
  ArrayRef<int64_t> result = shapeOf(op.getY()), permutation = op.getPermutation();
  if (permutation.size() <= 4)
    return {llvm::to_vector(result), llvm::to_vector(permutation)};
  TransposeShape merged;
  std::optional<int64_t> previous;  // source dimension of the last one kept
  auto follows = [&](int64_t dim) { // it in the source, with nothing but single elements between
    if (!previous || *previous > dim)
      return false;
    return llvm::all_of(shapeOf(op.getX()).slice(*previous + 1, dim - *previous - 1),
                        [](int64_t between) { return between == 1; });
  };
  for (auto [size, dim] : llvm::zip_equal(result, permutation)) {
    if (size == 1)
      continue;
    if (follows(dim)) {
      merged.result.back() *= size;
    } else {
      merged.result.push_back(size);
      merged.permutation.push_back(dim);
    }
    previous = dim;
  }
  // Number the dimensions that are left in the source's order.
  SmallVector<int64_t> kept = merged.permutation;
  llvm::sort(kept);
  for (int64_t &dim : merged.permutation)
    dim = llvm::lower_bound(kept, dim) - kept.begin();
  return merged;
}

std::unique_ptr<TransposeProblem> makeProblem(nn::TransposeOp op, const Machine &machine) {
  TransposeShape merged = transposeShape(op);
  std::array<int64_t, 4> shape = {1, 1, 1, 1};
  bool fits = merged.result.size() <= shape.size();
  if (fits)
    std::copy(merged.result.begin(), merged.result.end(), shape.end() - merged.result.size());
  return std::make_unique<TransposeProblem>(machine, shape, fits);
}

ElementwiseShape elementwiseShape(nn::ElementwiseOpInterface op) {
  ElementwiseShape shape;
  Value result = op->getResult(0);
  int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
  bool channels = false;
  for (Value operand : op->getOperands()) {
    int64_t operandRank = cast<RankedTensorType>(operand.getType()).getRank();
    shape.operands.push_back(operandRank == rank ? ElementwiseShape::Full
                             : operandRank == 0  ? ElementwiseShape::Scalar
                                                 : ElementwiseShape::Channel);
    channels |= shape.operands.back() == ElementwiseShape::Channel;
  }
  std::tie(shape.rows, shape.columns) = rowsAndColumns(result);
  if (!channels) {
    shape.columns *= shape.rows;
    shape.rows = 1;
  }
  std::vector<nn::Step> steps = op.getVectorSteps();
  SmallVector<int> results = op.getResultSteps(), lastUse(steps.size(), -1);
  for (auto [number, step] : llvm::enumerate(steps))
    for (const nn::Input &input : step.inputs)
      if (input.isStep())
        lastUse[input.number] = number;
  SmallVector<int> freeTemporaries;
  for (auto [number, step] : llvm::enumerate(steps)) {
    ElementwiseShape::Kind kind = ElementwiseShape::Scalar;
    for (const nn::Input &input : step.inputs)
      kind = std::max(kind, input.isStep() ? shape.steps[input.number] : shape.operands[input.number]);
    // Step by step in place: a temporary is free as soon as its last reader writes.
    for (const nn::Input &input : step.inputs)
      if (input.isStep() && lastUse[input.number] == int(number) &&
          shape.steps[input.number] == ElementwiseShape::Full && shape.buffers[input.number] >= 0 &&
          !llvm::is_contained(freeTemporaries, shape.buffers[input.number]))
        freeTemporaries.push_back(shape.buffers[input.number]);
    shape.steps.push_back(kind);
    if (auto found = llvm::find(results, int(number)); found != results.end()) {
      shape.buffers.push_back(~int(found - results.begin()));
    } else if (kind == ElementwiseShape::Full && !freeTemporaries.empty()) {
      shape.buffers.push_back(freeTemporaries.pop_back_val());
    } else {
      shape.buffers.push_back(shape.temporaries.size());
      shape.temporaries.push_back(kind);
    }
  }
  return shape;
}

std::unique_ptr<MatrixProblem> makeElementwiseProblem(nn::ElementwiseOpInterface op, const Machine &machine) {
  ElementwiseShape shape = elementwiseShape(op);
  MatrixProblem::Needs needs;
  needs.rows = shape.rows;
  needs.columns = shape.columns;
  auto count = [&](ElementwiseShape::Kind kind) {
    return llvm::count(shape.operands, kind) + llvm::count(shape.temporaries, kind);
  };
  needs.matrixBuffers = needs.dramPasses =
      llvm::count(shape.operands, ElementwiseShape::Full) + op->getNumResults();
  needs.temporaries = llvm::count(shape.temporaries, ElementwiseShape::Full);
  needs.channelVectors = count(ElementwiseShape::Channel);
  needs.scalars = count(ElementwiseShape::Scalar);
  needs.vectorPasses = llvm::count(shape.steps, ElementwiseShape::Full);
  return std::make_unique<MatrixProblem>(machine, needs);
}

std::unique_ptr<MappingProblem> makeAnyProblem(Operation *op, const Machine &machine) {
  if (!isa<nn::MappedOpInterface>(op)) // a constant is bytes of the program, not work
    return nullptr;
  return TypeSwitch<Operation *, std::unique_ptr<MappingProblem>>(op)
      .Case<nn::Conv2dOp, nn::Conv2dGradInputOp, nn::Conv2dGradWeightOp, nn::MatmulOp, nn::ChannelSumOp,
            nn::BatchNormOp, nn::BatchNormGradOp, nn::SoftmaxCrossEntropyOp, nn::SoftmaxCrossEntropyGradOp,
            nn::TransposeOp>([&](auto typed) { return makeProblem(typed, machine); })
      .Case<nn::MaxPoolOp, nn::MaxPoolGradOp, nn::AvgPoolOp, nn::AvgPoolGradOp>(
          [&](Operation *) { return makePoolProblem(op, machine); })
      .Case<nn::ElementwiseOpInterface>(
          [&](nn::ElementwiseOpInterface typed) { return makeElementwiseProblem(typed, machine); })
      .Default([](Operation *) { return nullptr; });
}

} // namespace arsis::compiler
