// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interfaces of nn operations and the plain types they speak in.

#ifndef ARSIS_DIALECTS_NN_IR_NNINTERFACES_H
#define ARSIS_DIALECTS_NN_IR_NNINTERFACES_H

#include "dialects/Isa/Numerics/Functions.h"
#include "dialects/NN/IR/Origin.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"

#define GET_ATTRDEF_CLASSES
#include "dialects/NN/IR/NNAttrs.h.inc"

namespace arsis::nn {

// The families of operations; one lowering serves each.
enum class Family { Contraction, Window, Elementwise, Reduction, DataMovement, Optimizer };
llvm::StringRef toString(Family family);

// One step of an elementwise operation: function(inputs, immediate).
struct VectorStep {
  numerics::VectorFunction function;
  llvm::SmallVector<int> inputs; // k >= 0: operand k; ~k < 0: the result of step k
  float immediate = 0;
};

struct ReductionDim {
  llvm::StringRef name;
  int64_t size;
};

// Bytes of all values; their types are tensors of static shape.
int64_t byteCount(mlir::ValueRange values);

class ReductionOpInterface;
llvm::LogicalResult verifyPlan(ReductionOpInterface op);

} // namespace arsis::nn

#include "dialects/NN/IR/NNInterfaces.h.inc"

#endif // ARSIS_DIALECTS_NN_IR_NNINTERFACES_H
