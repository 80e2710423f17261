// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Between instructions of the encoding and ops of the isa dialect, generically over the fields of isa.td.
#ifndef ARSIS_COMPILER_TARGET_INSTRUCTIONOPS_H
#define ARSIS_COMPILER_TARGET_INSTRUCTIONOPS_H

#include "dialects/Isa/Encoding/Program.h"
#include "dialects/Isa/IR/Isa.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

namespace arsis::compiler {

/// Creates the op of one instruction. `tensors` gives the symbol of each entry of the tensor table.
/// REQUIRES: not a loop marker; loops are regions.
mlir::Operation *createInstructionOp(mlir::OpBuilder &builder, mlir::Location location,
                                     const isa::Instruction &instruction,
                                     llvm::ArrayRef<std::string> tensors);

/// The instruction of an op; its location index stays 0. Reports an unknown op or tensor.
mlir::FailureOr<isa::Instruction> readInstructionOp(mlir::Operation *op,
                                                    const llvm::StringMap<uint16_t> &tensors);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TARGET_INSTRUCTIONOPS_H
