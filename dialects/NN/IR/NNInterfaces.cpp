// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the interfaces share: limits of shapes, the check that a plan covers the reduction, and the structure
// of elementwise operations.

#include "dialects/NN/IR/NNInterfaces.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/Shapes.h"
#include "dialects/NN/IR/Verify.h"
#include "dialects/NN/Structure/Build.h"

#include "dialects/NN/IR/NNInterfaces.cpp.inc"

#include <numeric>

using namespace mlir;

namespace arsis::nn {

bool isWithinLimits(ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent < 1 || extent > isa::kLargestExtent || extent > isa::kLargestTensor / elements)
      return false;
    elements *= extent;
  }
  return true;
}

LogicalResult verifyPlan(ReductionOpInterface op) {
  PlanAttr plan = op.getPlanAttr();
  if (!plan)
    return success();
  SmallVector<ReductionDim> dims = op.getReductionDims();
  if (llvm::equal(dims, plan.getDims(),
                  [](const ReductionDim &dim, StringAttr name) { return dim.name == name.getValue(); }))
    return success();
  std::string expected;
  llvm::raw_string_ostream stream(expected);
  llvm::interleaveComma(dims, stream, [&](const ReductionDim &dim) { stream << dim.name; });
  std::string found;
  llvm::raw_string_ostream foundStream(found);
  llvm::interleaveComma(plan.getDims(), foundStream,
                        [&](StringAttr name) { foundStream << name.getValue(); });
  return violates(op, "plan_c1", "a plan of the dimensions " + Twine(expected) + " in this order", found);
}

ViewKindAttr viewKindAttr(Operation *op, std::optional<ViewKind> kind) {
  return kind ? ViewKindAttr::get(op->getContext(), *kind) : ViewKindAttr();
}

LogicalResult verifyBoxes(BoxOpInterface op) {
  const std::optional<ViewKind> kind = op.getViewKind();
  if (!kind)
    return success();
  const Value whole = op.getWhole();
  const Type element = cast<RankedTensorType>(whole.getType()).getElementType();
  for (const Box &box : op.getBoxes())
    if (const Type found = cast<RankedTensorType>(box.value.getType()).getElementType(); found != element)
      return op.emitOpError() << "is a view and expects elements of type " << element << ", found " << found
                              << " (view_c1)";
  if (*kind == ViewKind::OfResult && whole.getDefiningOp() != op)
    return op.emitOpError() << "expects a view of its operands, since they have what it takes out, found one "
                               "of its result (view_c2)";
  return success();
}

std::vector<Dimension> dimensionsOf(ArrayRef<int64_t> shape) {
  std::vector<Dimension> domain;
  for (auto [number, extent] : llvm::enumerate(shape))
    domain.push_back({"d" + std::to_string(number), extent});
  return domain;
}

std::vector<int> lastDimensions(Value operand, Value result) {
  const int count = shapeOf(operand).size(), all = shapeOf(result).size();
  std::vector<int> dimensions(count);
  std::iota(dimensions.begin(), dimensions.end(), all - count);
  return dimensions;
}

Structure elementwiseStructure(ElementwiseOpInterface op) {
  Structure s;
  s.domain = dimensionsOf(shapeOf(op->getResult(0)));
  for (unsigned operand = 0; operand < op->getNumOperands(); ++operand)
    s.operands.push_back(accessOf(op.getOperandDimensions(operand)));
  for (Value result : op->getResults())
    s.results.push_back(accessOf(lastDimensions(result, op->getResult(0))));
  s.after = op.getVectorSteps();
  for (int step : op.getResultSteps())
    s.resultOf.push_back(~step);
  return s;
}

} // namespace arsis::nn
