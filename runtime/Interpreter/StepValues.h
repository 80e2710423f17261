// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tensor of a program holds which value of its nn module: results of the function under the names of
// the signature, the others under the names that lowering gives them (dialects/NN/IR/TensorName.h).
#pragma once

#include "runtime/Interpreter/Signature.h"

#include "mlir/IR/Value.h"

#include <functional>

namespace arsis::ref {

struct StepValue {
  std::string operation; ///< for messages: "nn.conv2d of conv1 (fwd)"
  std::string tensor;    ///< empty: no tensor holds it for certain
  mlir::OpResult value;
  const Slot *slot =
      nullptr; ///< of the signature that `tensor` is named by; else it has the layout of the chip
};

/// Every result of every operation that computes, in program order. `exists` knows the program's tensors;
/// `signature` is the function's and outlives the result.
std::vector<StepValue> valuesOf(mlir::func::FuncOp function, const Signature &signature,
                                const std::function<bool(const std::string &)> &exists);

} // namespace arsis::ref
