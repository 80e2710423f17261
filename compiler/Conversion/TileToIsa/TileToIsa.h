// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declares the pass convert-tile-to-isa.
#ifndef ARSIS_COMPILER_CONVERSION_TILETOISA_TILETOISA_H
#define ARSIS_COMPILER_CONVERSION_TILETOISA_TILETOISA_H

#include "dialects/Isa/IR/Isa.h"
#include "dialects/Tile/IR/Tile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {
#define GEN_PASS_DECL
#include "compiler/Conversion/TileToIsa/TileToIsa.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/TileToIsa/TileToIsa.h.inc"
} // namespace arsis::compiler

#endif // ARSIS_COMPILER_CONVERSION_TILETOISA_TILETOISA_H
