// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The types an element can have, as MLIR and as a program call them.
#ifndef ARSIS_COMPILER_ANALYSIS_ELEMENTTYPES_H
#define ARSIS_COMPILER_ANALYSIS_ELEMENTTYPES_H

#include "dialects/Isa/Numerics/ElementType.h"

#include "mlir/IR/BuiltinTypes.h"

namespace arsis::compiler {

/// REQUIRES: f32, bf16, f16 or i32, which verifiers of all levels see to.
inline numerics::ElementType toElementType(mlir::Type type) {
  if (type.isF32())
    return numerics::ElementType::F32;
  if (type.isBF16())
    return numerics::ElementType::BF16;
  return type.isF16() ? numerics::ElementType::F16 : numerics::ElementType::I32;
}

inline mlir::Type toMlirType(mlir::MLIRContext *context, numerics::ElementType type) {
  switch (type) {
  case numerics::ElementType::F32:
    return mlir::Float32Type::get(context);
  case numerics::ElementType::BF16:
    return mlir::BFloat16Type::get(context);
  case numerics::ElementType::F16:
    return mlir::Float16Type::get(context);
  case numerics::ElementType::I32:
    return mlir::IntegerType::get(context, 32);
  }
  llvm_unreachable("validated element type");
}

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_ANALYSIS_ELEMENTTYPES_H
