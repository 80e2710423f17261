// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The nn dialect in C++: dialect class, attributes, operations. Include this and nothing generated.

#ifndef ARSIS_DIALECTS_NN_IR_NNDIALECT_H
#define ARSIS_DIALECTS_NN_IR_NNDIALECT_H

#include "dialects/NN/IR/NNInterfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/NN/IR/NNDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/NN/IR/NNOps.h.inc"

namespace arsis::nn {

// Names of the attributes on function arguments and results; their meaning is in the description of the
// dialect.
inline constexpr llvm::StringLiteral kName = "nn.name";
inline constexpr llvm::StringLiteral kGradientOf = "nn.gradient_of";
inline constexpr llvm::StringLiteral kSlotOf = "nn.slot_of";
inline constexpr llvm::StringLiteral kRole = "nn.role";
inline constexpr llvm::StringLiteral kHostShape = "nn.host_shape";
inline constexpr llvm::StringLiteral kHostPermutation = "nn.host_permutation";
inline constexpr llvm::StringLiteral kInitial = "nn.initial";
inline constexpr llvm::StringLiteral kDonates = "nn.donates";

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_NNDIALECT_H
