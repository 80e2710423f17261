// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types in which values are stored and multiplied; the pass is described in Precision.td.

#ifndef ARSIS_COMPILER_TRANSFORMS_PRECISION_PRECISION_H
#define ARSIS_COMPILER_TRANSFORMS_PRECISION_PRECISION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <map>
#include <string>

namespace arsis::compiler {

struct Precision {
  std::string type = "fp32";                // of activations, their gradients and all factors
  std::map<std::string, std::string> store; // type in which the values of a layer are stored
};

// "fp32", "bf16" or "fp16", and "LAYER=TYPE" each. Throws arsis::Error.
Precision parsePrecision(const std::string &type, llvm::ArrayRef<std::string> store);

// Retypes the function, before an optimizer is attached to it. REQUIRES: a body of one block. Reports a layer
// that does not exist, a function whose types have been chosen already, and a step that has an optimizer.
mlir::LogicalResult setPrecision(mlir::func::FuncOp function, const Precision &precision);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/Precision/Precision.h.inc"

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_PRECISION_PRECISION_H
