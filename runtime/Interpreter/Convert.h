// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From MLIR's types and attributes to the host's tensors and a kernel's attributes.
#pragma once

#include "runtime/common/KernelRegistry.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace arsis::ref {

/// An all-zero tensor of the type; `wide` turns f32 into f64. bf16 and f16 are held as f32, rounded. Throws
/// arsis::Error unless it is a static tensor of f32, bf16, f16, f64, i32 or i64.
HostTensor tensorOfType(mlir::Type type, bool wide);

/// Rounds every element to the type's elements, once and to nearest even, if they are bf16 or f16. Double
/// precision is left alone: it stands for exact arithmetic.
void roundTo(mlir::Type type, HostTensor &tensor);

/// Splat, dense and dense_resource elements. Throws arsis::Error for another kind, or a resource without its
/// bytes.
HostTensor tensorOfElements(mlir::ElementsAttr elements);

/// The op's inherent attributes (defaults included) that a kernel can read: bool, integer, float, string, i64
/// array, elements.
std::map<std::string, Attribute> attributesOf(mlir::Operation *op);

/// The op's attribute `plan`, if it has one.
std::optional<ReductionPlan> planOf(mlir::Operation *op);

} // namespace arsis::ref
