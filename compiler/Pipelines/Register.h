// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one list of the dialects and passes that the tools know. An owner of a dialect adds one line to
// registerDialects, an owner of passes one line to registerPasses.

#ifndef ARSIS_COMPILER_PIPELINES_REGISTER_H
#define ARSIS_COMPILER_PIPELINES_REGISTER_H

#include "compiler/Transforms/TrainStep/TrainStep.h"
#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace arsis::compiler {

inline void registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::scf::SCFDialect>();
  registry.insert<nn::NNDialect>();
}

inline void registerPasses() { registerTrainingPasses(); }

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_REGISTER_H
