// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types that arguments and results of a step have, and what a step does not return though it was asked
// for.

#ifndef ARSIS_DIALECTS_NN_IR_STEPTYPES_H
#define ARSIS_DIALECTS_NN_IR_STEPTYPES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace arsis::nn {

// Reports on `op` a type that no argument or result (`kind`) of a step can have.
llvm::LogicalResult verifyTensor(mlir::Operation *op, mlir::Type type, llvm::StringRef kind, unsigned number);

// Most dimensions that a tensor of a program has.
inline constexpr int64_t kMostDimensions = 4;

// On a function, and on the program it becomes: names of tensors that were asked for and are not there.
inline constexpr llvm::StringLiteral kNotObservable = "nn.not_observable";

// The value of kNotObservable; empty if `op` has none. Reports what is no array of strings.
llvm::FailureOr<mlir::ArrayAttr> notObservable(mlir::Operation *op);

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_STEPTYPES_H
