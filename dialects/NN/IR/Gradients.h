// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Private helpers of the gradient rules.

#ifndef ARSIS_DIALECTS_NN_IR_GRADIENTS_H
#define ARSIS_DIALECTS_NN_IR_GRADIENTS_H

#include "mlir/IR/Builders.h"

#include <optional>

namespace arsis::nn {

// The sum of x over all dimensions that `along` does not name, as a tensor of type `type`; x itself without
// `along`. Neighbouring dimensions are summed as one, the outermost first.
mlir::Value sumTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x,
                  std::optional<llvm::ArrayRef<int64_t>> along, mlir::Type type);

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_GRADIENTS_H
