// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Between the isa dialect and the binary program; the end of every compilation.
#ifndef ARSIS_COMPILER_TARGET_TRANSLATE_H
#define ARSIS_COMPILER_TARGET_TRANSLATE_H

#include "dialects/Isa/Encoding/Program.h"
#include "dialects/Isa/IR/Isa.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace arsis::compiler {

/// The program of the one isa.program in the module.
mlir::FailureOr<isa::Program> translateToProgram(mlir::ModuleOp module);

/// A module with one isa.program; translateToProgram of it gives an equal program with the same verdict.
mlir::OwningOpRef<mlir::ModuleOp> translateFromProgram(mlir::MLIRContext &context,
                                                       const isa::Program &program);

llvm::SmallVector<isair::RequirementAttr> toAttributes(mlir::MLIRContext &context,
                                                       llvm::ArrayRef<isa::Requirement> requirements);
isair::VerdictAttr toAttribute(mlir::MLIRContext &context, const isa::Verdict &verdict);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TARGET_TRANSLATE_H
