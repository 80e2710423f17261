// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a program calls the tensor that holds a result of an operation, where the step's signature gives it no
// name. Lowering names tensors so, and whoever compares values finds them again.

#ifndef ARSIS_DIALECTS_NN_IR_TENSORNAME_H
#define ARSIS_DIALECTS_NN_IR_TENSORNAME_H

#include "dialects/NN/IR/Origin.h"
#include "dialects/NN/IR/UnitOps.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

#include <string>

namespace arsis::nn {

// "conv1/conv2d"; "bn1/batch_norm#1" of an operation with several results.
inline std::string tensorNameOf(mlir::OpResult result) {
  mlir::Operation *op = result.getOwner();
  llvm::StringRef layer = getOrigin(op->getLoc()).first;
  std::string name = (layer + (layer.empty() ? "" : "/") + titleOf(op)).str();
  if (op->getNumResults() > 1)
    name += "#" + std::to_string(result.getResultNumber());
  return name;
}

// The name of the `number`-th tensor that wants to be called so: `wanted`, `wanted`.1, ...
inline std::string numberedName(llvm::StringRef wanted, unsigned number) {
  return number == 0 ? wanted.str() : (wanted + "." + llvm::Twine(number)).str();
}

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_TENSORNAME_H
