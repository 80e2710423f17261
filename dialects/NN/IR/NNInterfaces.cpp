// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the interfaces share: names, sizes, and the check that a plan covers the reduction.

#include "dialects/NN/IR/NNInterfaces.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/Shapes.h"
#include "dialects/NN/IR/Verify.h"

#include "dialects/NN/IR/NNInterfaces.cpp.inc"

using namespace mlir;

namespace arsis::nn {

StringRef toString(Family family) {
  switch (family) {
  case Family::Contraction:
    return "contraction";
  case Family::Window:
    return "window";
  case Family::Elementwise:
    return "elementwise";
  case Family::Reduction:
    return "reduction";
  case Family::DataMovement:
    return "data movement";
  case Family::Optimizer:
    return "optimizer";
  }
  llvm_unreachable("every family has a name");
}

bool isWithinLimits(ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent < 1 || extent > isa::kLargestExtent || extent > isa::kLargestTensor / elements)
      return false;
    elements *= extent;
  }
  return true;
}

int64_t byteCount(ValueRange values) {
  int64_t bytes = 0;
  for (Value value : values) {
    auto type = cast<RankedTensorType>(value.getType());
    bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }
  return bytes;
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

} // namespace arsis::nn
