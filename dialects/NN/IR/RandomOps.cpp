// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifier, structure and gradient of what draws random numbers.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

#include <numeric>

using namespace mlir;
using namespace arsis::nn;
using arsis::numerics::VectorFunction;

static constexpr int64_t kNumbered = int64_t(1) << 24; // so many integers from zero on are exact in fp32

LogicalResult DropoutOp::verify() {
  const float ratio = getRatio().convertToFloat();
  if (!(ratio >= 0 && ratio < 1))
    return violates(*this, "dropout_c1", "a ratio from 0 to less than 1", Twine(std::to_string(ratio)));
  ArrayRef<int64_t> shape = shapeOf(getX());
  if (shape.empty() || llvm::product_of(shape.drop_back()) > kNumbered || shape.back() > kNumbered ||
      getLayer() >= static_cast<uint64_t>(kNumbered))
    return violates(*this, "dropout_c2", "at most 2^24 rows, columns and layers",
                    toText(shape) + " in layer " + Twine(getLayer()));
  return success();
}

/// The numbers from 0 on along `dimensions` together, row-major.
static Constant numbersAlong(const char *name, const std::vector<Dimension> &domain,
                             const std::vector<int> &dimensions) {
  Constant numbers{name, {}, {}, accessOf(dimensions)};
  int64_t count = 1;
  for (int dimension : dimensions) {
    numbers.shape.push_back(domain[dimension].extent);
    count *= domain[dimension].extent;
  }
  numbers.values.resize(count);
  std::iota(numbers.values.begin(), numbers.values.end(), 0.0);
  return numbers;
}

Structure DropoutOp::getStructure() {
  enum Operand { X, Seed, Step };
  Structure s;
  s.domain = dimensionsOf(shapeOf(getX()));
  std::vector<int> all(s.domain.size());
  std::iota(all.begin(), all.end(), 0);
  const std::vector<int> rows(all.begin(), all.end() - 1), columns(all.end() - 1, all.end());
  s.operands = {accessOf(all), {}, {}};
  s.results = {accessOf(all)};
  s.constants = {numbersAlong("rows", s.domain, rows), numbersAlong("columns", s.domain, columns)};
  const auto layer = static_cast<double>(getLayer()), ratio = double(getRatio().convertToFloat());
  s.after = {{VectorFunction::Random, {Input::constant(0), Seed, Step}, layer},
             {VectorFunction::Random, {Input::constant(1), ~0, Step}, layer},
             {VectorFunction::Offset, {~1}, -ratio},
             {VectorFunction::Scale, {X}, 1 / (1 - ratio)},
             {VectorFunction::SelectPositive, {~3, ~2}}};
  s.resultOf = {~4};
  return s;
}

LogicalResult DropoutOp::buildVJP(OpBuilder &builder, ValueRange resultGrads, ArrayRef<bool> operandNeedsGrad,
                                  SmallVectorImpl<Value> &operandGrads) {
  operandGrads.assign(3, Value());
  if (operandNeedsGrad[0])
    operandGrads[0] =
        DropoutOp::create(builder, withPhase(getLoc(), phase::kBackwardInput), getX().getType(),
                          resultGrads[0], getSeed(), getStep(), getRatioAttr(), getLayerAttr(), nullptr);
  return success();
}
