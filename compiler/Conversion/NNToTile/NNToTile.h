// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowering of mapped nn functions to tile programs; NNToTile.td is its manual page.
#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_NNTOTILE_H
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_NNTOTILE_H

#include "arch_configs/reader/Chip.h"
#include "dialects/Tile/IR/Tile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace arsis::compiler {

#define GEN_PASS_DECL
#include "compiler/Conversion/NNToTile/NNToTile.h.inc"

/// The same pass on a chip at hand (possibly with overrides). `function`: see the pass option.
std::unique_ptr<mlir::Pass> createConvertNNToTilePass(const chip::Chip &chip, std::string function = "");

/// Decisions for the way from nn to tile.
struct NNToTilePipelineOptions {
  std::string function;    // convert only this function; empty: all
  std::string mappingJson; // mapping decisions that hold (see nn-map); empty: none
  bool explainMapping = false;
};

/// nn-map, then convert-nn-to-tile. The two passes only, so that a driver can look at the mapped nn module in
/// between.
void buildNNToTilePipeline(mlir::OpPassManager &manager, const chip::Chip &chip,
                           const NNToTilePipelineOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/NNToTile/NNToTile.h.inc"

} // namespace arsis::compiler

#endif
