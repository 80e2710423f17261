// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowering of mapped nn functions to tile programs; NNToTile.td is its manual page.
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_NNTOTILE_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_NNTOTILE_H

#include "dialects/Tile/IR/Tile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {

#define GEN_PASS_DECL
#include "compiler/Conversion/NNToTile/NNToTile.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/NNToTile/NNToTile.h.inc"

} // namespace arsis::compiler

#endif
