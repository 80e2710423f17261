// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types that arguments and results of a step have.

#ifndef ARSIS_DIALECTS_NN_IR_STEPTYPES_H
#define ARSIS_DIALECTS_NN_IR_STEPTYPES_H

#include "mlir/IR/Operation.h"

namespace arsis::nn {

// Reports on `op` a type that no argument or result (`kind`) of a step can have.
llvm::LogicalResult verifyTensor(mlir::Operation *op, mlir::Type type, llvm::StringRef kind, unsigned number);

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_STEPTYPES_H
