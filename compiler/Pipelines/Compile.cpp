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

LogicalResult buildStep(ModuleOp module, const CompileOptions &options) {
  auto forward = module.lookupSymbol<func::FuncOp>(kForwardFunction);
  if (!forward)
    return module.emitError() << "the module has no function @" << kForwardFunction;
  if (!options.import.training) {
    if (options.keepActivations)
      keepActivations(forward);
    return success();
  }
  TrainOptions training;
  training.loss = options.loss;
  training.optimizer = {static_cast<float>(options.optimizer.learningRate),
                        static_cast<float>(options.optimizer.momentum),
                        static_cast<float>(options.optimizer.weightDecay)};
  training.keepGradients = options.keepGradients;
  training.keepActivations = options.keepActivations;
  if (failed(buildTrainStep(module, training)))
    return failure();
  forward.erase();
  return success();
}

} // namespace arsis::compiler
