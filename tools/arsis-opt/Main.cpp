// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-opt: runs any pass of the compiler on textual IR. What it knows is listed in
// compiler/Pipelines/Register.h.

#include "compiler/Pipelines/Register.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  arsis::compiler::registerDialects(registry);
  arsis::compiler::registerPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "arsis optimizer driver\n", registry));
}
