// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// buildTrainStep gives what the registered pipeline gives, and refuses what cannot be trained.

#include "compiler/Transforms/TrainStep/TrainStep.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <gtest/gtest.h>

namespace arsis::compiler {
namespace {

const char *const kModel = R"(
func.func @forward(%x: tensor<2x4xf32> {nn.name = "x", nn.role = "input"},
                   %w: tensor<3x4xf32> {nn.name = "w", nn.role = "parameter"},
                   %b: tensor<3xf32> {nn.name = "b", nn.role = "parameter"}) -> (tensor<2x3xf32> {nn.name = "y"}) {
  %0 = nn.matmul %x, %w {transpose_b = true} : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  %1 = nn.bias_add %0, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
})";

class TrainStep : public ::testing::Test {
protected:
  TrainStep() { context.loadDialect<nn::NNDialect, mlir::func::FuncDialect>(); }

  mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }

  static std::string print(mlir::ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream);
    return text;
  }

  // The text of the one error that building a step reports.
  std::string errorOf(const std::string &text, const TrainOptions &options = {}) {
    std::string error;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
        error += diagnostic.str();
      return mlir::success();
    });
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(text);
    EXPECT_TRUE(mlir::failed(buildTrainStep(*module, options)));
    return error;
  }

  mlir::MLIRContext context;
};

TEST_F(TrainStep, IsWhatThePipelineBuilds) {
  TrainOptions options;
  options.optimizer = {0.25f, 0.5f, 0.125f};
  options.keepGradients = true;
  mlir::OwningOpRef<mlir::ModuleOp> built = parse(kModel), piped = parse(kModel);
  ASSERT_TRUE(mlir::succeeded(buildTrainStep(*built, options)));
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*built)));

  registerTrainingPasses();
  mlir::PassManager manager(&context);
  ASSERT_TRUE(mlir::succeeded(mlir::parsePassPipeline(
      "nn-train-step{learning-rate=0.25 momentum=0.5 weight-decay=0.125 keep-gradients=true}", manager)));
  ASSERT_TRUE(mlir::succeeded(manager.run(*piped)));
  EXPECT_EQ(print(*built), print(*piped));
}

TEST_F(TrainStep, RefusesAModelWithoutParameters) {
  EXPECT_EQ(errorOf(R"(
func.func @forward(%x: tensor<2x4xf32> {nn.name = "x", nn.role = "input"}) -> (tensor<2x4xf32> {nn.name = "y"}) {
  return %x : tensor<2x4xf32>
})"),
            "expects a parameter that the loss depends on, found none to train");
}

TEST_F(TrainStep, RefusesANegativeLearningRate) {
  TrainOptions options;
  options.optimizer.learningRate = -1;
  EXPECT_EQ(errorOf(kModel, options),
            "expects the learning rate to be finite and not negative, found -1.000000");
}

} // namespace
} // namespace arsis::compiler
