// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the interfaces share: names, sizes, and the check that a plan covers the reduction.

#include "dialects/NN/IR/NNInterfaces.h"

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
  auto isNamed = [&](const ReductionDim &dim) {
    return llvm::any_of(plan.getDims(), [&](StringAttr name) { return name.getValue() == dim.name; });
  };
  if (plan.getDims().size() == dims.size() && llvm::all_of(dims, isNamed))
    return success();
  std::string expected;
  llvm::raw_string_ostream stream(expected);
  llvm::interleaveComma(dims, stream, [&](const ReductionDim &dim) { stream << dim.name; });
  std::string found;
  llvm::raw_string_ostream foundStream(found);
  llvm::interleaveComma(plan.getDims(), foundStream,
                        [&](StringAttr name) { foundStream << name.getValue(); });
  return violates(op, "plan_c1", "a plan of the dimensions " + Twine(expected), found);
}

} // namespace arsis::nn
