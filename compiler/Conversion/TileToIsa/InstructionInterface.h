// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interface of engine ops that know their instruction, and its models for the ops of the tile dialect.
#ifndef ARSIS_COMPILER_CONVERSION_TILETOISA_INSTRUCTIONINTERFACE_H
#define ARSIS_COMPILER_CONVERSION_TILETOISA_INSTRUCTIONINTERFACE_H

#include "compiler/Conversion/TileToIsa/Operands.h"
#include "mlir/IR/OpDefinition.h"

#include "compiler/Conversion/TileToIsa/InstructionInterface.h.inc"

namespace arsis::compiler {

/// Attaches the interface to every engine op of the tile dialect, when that is loaded.
void registerInstructionModels(mlir::DialectRegistry &registry);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_CONVERSION_TILETOISA_INSTRUCTIONINTERFACE_H
