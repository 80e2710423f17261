// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From tile IR to the binary program and from programs back to IR; the end of every compilation.
#ifndef ARSIS_COMPILER_TARGET_TRANSLATE_H
#define ARSIS_COMPILER_TARGET_TRANSLATE_H

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/Program.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

namespace arsis::compiler {

/// Adds the passes from sequential tile IR to the isa dialect: plan and check memory for this chip, split by
/// stream, convert. To a pass manager on modules.
void addTileToIsaPasses(mlir::OpPassManager &passes, const chip::Chip &chip);

/// The program of the one isa.program in the module.
mlir::FailureOr<isa::Program> translateToProgram(mlir::ModuleOp module);

/// The same for a compilation: first completes the isa.program, so that it holds all that the program does,
/// by the options, the values of every key of the chip that was read as options "chip.<key>", and `nnModule`,
/// the mapped nn module as text.
mlir::FailureOr<isa::Program> translateToProgram(mlir::ModuleOp module, const chip::Chip &chip,
                                                 const std::map<std::string, std::string> &options = {},
                                                 const std::string &nnModule = {});

/// A module with one isa.program; translateToProgram of it gives an equal program.
mlir::OwningOpRef<mlir::ModuleOp> translateFromProgram(mlir::MLIRContext &context,
                                                       const isa::Program &program);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TARGET_TRANSLATE_H
