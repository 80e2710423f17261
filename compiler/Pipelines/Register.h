// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one list of the dialects and passes that the tools know. An owner of a dialect adds one line to
// registerDialects, an owner of passes one line to registerPasses.

#ifndef ARSIS_COMPILER_PIPELINES_REGISTER_H
#define ARSIS_COMPILER_PIPELINES_REGISTER_H

#include "compiler/Conversion/NNToTile/NNToTile.h"
#include "compiler/Conversion/TileToIsa/TileToIsa.h"
#include "compiler/Pipelines/Pipeline.h"
#include "compiler/Transforms/FormUnits/FormUnits.h"
#include "compiler/Transforms/KeepReference/KeepReference.h"
#include "compiler/Transforms/Map/Map.h"
#include "compiler/Transforms/PlaceViews/PlaceViews.h"
#include "compiler/Transforms/PlanMemory/PlanMemory.h"
#include "compiler/Transforms/ProveProgram/ProveProgram.h"
#include "compiler/Transforms/SplitStreams/SplitStreams.h"
#include "compiler/Transforms/TrainStep/TrainStep.h"
#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/Passes.h"

namespace arsis::compiler {

inline void registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::scf::SCFDialect>();
  registry.insert<nn::NNDialect, tile::TileDialect, isair::IsaDialect>();
}

inline void registerPasses() {
  static const bool once = [] {
    registerTrainingPasses();
    registerPlaceViewsPass();
    registerFormUnitsPass();
    registerMapPasses();
    registerKeepReferencePasses();
    registerNNToTilePasses();
    registerPlanMemoryPasses();
    registerSplitStreamsPasses();
    registerTileToIsaPasses();
    registerProveProgramPasses();
    mlir::registerTransformsPasses();
    registerPipeline();
    return true;
  }();
  (void)once;
}

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_REGISTER_H
