// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interfaces of nn operations and the plain types they speak in.

#ifndef ARSIS_DIALECTS_NN_IR_NNINTERFACES_H
#define ARSIS_DIALECTS_NN_IR_NNINTERFACES_H

#include "dialects/NN/IR/Origin.h"
#include "dialects/NN/Structure/Structure.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"

#include "dialects/NN/IR/NNEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/NN/IR/NNAttrs.h.inc"

namespace arsis::nn {

struct ReductionDim {
  llvm::StringRef name;
  int64_t size;
};

/// A value that lies in another one, `offsets` behind its beginning along each dimension.
struct Box {
  mlir::Value value;
  llvm::SmallVector<int64_t> offsets;
};
class BoxOpInterface;
llvm::LogicalResult verifyBoxes(BoxOpInterface op);
ViewKindAttr viewKindAttr(mlir::Operation *op, std::optional<ViewKind> kind);

class ReductionOpInterface;
llvm::LogicalResult verifyPlan(ReductionOpInterface op);

// The structure that follows from the steps and the types: the domain is the first result, whose dimensions
// are d0, d1, ...; the last ones of them, as many as an operand has.
class ElementwiseOpInterface;
std::vector<int> lastDimensions(mlir::Value operand, mlir::Value result);
Structure elementwiseStructure(ElementwiseOpInterface op);

} // namespace arsis::nn

#include "dialects/NN/IR/NNInterfaces.h.inc"

#endif // ARSIS_DIALECTS_NN_IR_NNINTERFACES_H
