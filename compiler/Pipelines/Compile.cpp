// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages of a compilation in order.

#include "compiler/Pipelines/Compile.h"

#include "compiler/Pipelines/Register.h"

#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace arsis::compiler {

std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registerDialects(registry);
  return std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
}

OwningOpRef<ModuleOp> importModel(MLIRContext &context, StringRef path, const CompileOptions &options) {
  if (!path.ends_with(".mlir"))
    return importOnnx(context, path, options.import);
  context.loadAllAvailableDialects();
  return parseSourceFile<ModuleOp>(path, &context);
}

} // namespace arsis::compiler
