// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A small residual net through several whole training steps: the three value-by-value backends agree within
// rounding, the gradients are those of the loss, and the loss falls.
#include "compiler/Transforms/TrainStep/TrainStep.h"
#include "runtime/Interpreter/Interpreter.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <random>

namespace arsis::ref {
namespace {

const char *const kNet = R"mlir(
func.func @forward(%x: tensor<4x9x8x3xf32> {nn.name = "x", nn.role = #nn.role<input>},
    %w1: tensor<3x3x3x6xf32> {nn.name = "w1", nn.role = #nn.role<parameter>},
    %s1: tensor<6xf32> {nn.name = "s1", nn.role = #nn.role<parameter>},
    %b1: tensor<6xf32> {nn.name = "b1", nn.role = #nn.role<parameter>},
    %m1: tensor<6xf32> {nn.name = "m1", nn.role = #nn.role<state>, nn.initial = dense<0.0> : tensor<6xf32>},
    %v1: tensor<6xf32> {nn.name = "v1", nn.role = #nn.role<state>, nn.initial = dense<1.0> : tensor<6xf32>},
    %w2: tensor<3x3x6x6xf32> {nn.name = "w2", nn.role = #nn.role<parameter>},
    %w3: tensor<5x6xf32> {nn.name = "w3", nn.role = #nn.role<parameter>},
    %b3: tensor<5xf32> {nn.name = "b3", nn.role = #nn.role<parameter>}) -> (tensor<4x5xf32> {nn.name = "y"}) {
  %0 = nn.conv2d %x, %w1 strides [2, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<4x9x8x3xf32>, tensor<3x3x3x6xf32>) -> tensor<4x5x8x6xf32>
  %1:5 = nn.batch_norm %0, %s1, %b1, %m1, %v1 epsilon 1.0e-5 momentum 1.0e-1
      : (tensor<4x5x8x6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>)
      -> (tensor<4x5x8x6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>)
  %2 = nn.relu %1#0 : tensor<4x5x8x6xf32>
  %3 = nn.max_pool %2 kernel [3, 2] strides [1, 2] pads [1, 0, 1, 0] dilations [1, 1]
      : (tensor<4x5x8x6xf32>) -> tensor<4x5x4x6xf32>
  %4 = nn.conv2d %3, %w2 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
      : (tensor<4x5x4x6xf32>, tensor<3x3x6x6xf32>) -> tensor<4x5x4x6xf32>
  %5 = nn.add %4, %3 : tensor<4x5x4x6xf32>
  %6 = nn.avg_pool %5 kernel [5, 4] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<4x5x4x6xf32>) -> tensor<4x1x1x6xf32>
  %7 = nn.reshape %6 : (tensor<4x1x1x6xf32>) -> tensor<4x6xf32>
  %8 = nn.matmul %7, %w3 {transpose_b = true} : (tensor<4x6xf32>, tensor<5x6xf32>) -> tensor<4x5xf32>
  %9 = nn.bias_add %8, %b3 : (tensor<4x5xf32>, tensor<5xf32>) -> tensor<4x5xf32>
  return %9 : tensor<4x5xf32>
}
)mlir";

class Training : public ::testing::Test {
protected:
  Training() {
    context.loadDialect<nn::NNDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(kNet, &context);
    compiler::TrainOptions options;
    options.optimizer = "sgd,lr=0.05,momentum=0.9,weight-decay=0.0005";
    options.keepGradients = true;
    mlir::PassManager passes(&context);
    compiler::addTrainStepPasses(passes, options);
    EXPECT_TRUE(mlir::succeeded(passes.run(*module)));
    step = *module->getOps<mlir::func::FuncOp>().begin();
    std::mt19937 engine(3);
    std::normal_distribution<float> normal(0, 0.5f);
    for (const Slot &slot : signatureOf(step).arguments) {
      if (slot.initial)
        continue;
      HostTensor tensor(slot.shape, slot.type);
      for (int64_t i = 0; i < tensor.size(); ++i)
        if (slot.type == HostType::F32)
          tensor.as<float>()[i] = slot.name == "s1" ? 1.0f : normal(engine);
        else
          tensor.as<int32_t>()[i] = static_cast<int32_t>(i);
      start.emplace(slot.name, std::move(tensor));
    }
  }

  /// Runs steps, each from the state the last one left; returns the last outputs and all losses.
  TensorMap train(Backend backend, int steps, std::vector<double> *losses = nullptr) {
    TensorMap inputs = start;
    TensorMap outputs;
    Options options;
    options.backend = backend;
    for (int i = 0; i < steps; ++i) {
      llvm::FailureOr<TensorMap> result = run(step, inputs, options);
      EXPECT_TRUE(llvm::succeeded(result));
      if (llvm::failed(result))
        return {};
      outputs = std::move(*result);
      for (const Slot &slot : signatureOf(step).results)
        if (slot.donates)
          inputs.insert_or_assign(slot.name, outputs.at(slot.name));
      if (losses)
        losses->push_back(outputs.at("loss").converted(HostType::F64).as<double>()[0]);
    }
    return outputs;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp step;
  TensorMap start;
};

double relativeNorm(const HostTensor &found, const HostTensor &truth) {
  const HostTensor a = found.converted(HostType::F64), b = truth.converted(HostType::F64);
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    difference += (a.as<double>()[i] - b.as<double>()[i]) * (a.as<double>()[i] - b.as<double>()[i]);
    norm += b.as<double>()[i] * b.as<double>()[i];
  }
  return std::sqrt(difference / norm);
}

TEST_F(Training, BackendsAgreeWithinRounding) {
  const TensorMap truth = train(Backend::PlainF64, 3);
  for (Backend backend : {Backend::PlainF32, Backend::OneDnn}) {
    const TensorMap found = train(backend, 3);
    ASSERT_EQ(found.size(), truth.size());
    for (const auto &[name, tensor] : truth)
      EXPECT_LT(relativeNorm(found.at(name), tensor), 2e-5) << name << " by " << nameOf(backend);
  }
}

TEST_F(Training, GradientsAreThoseOfTheLoss) {
  constexpr double kStep = 1e-6; // along the gradient, whose norm is of order one
  const TensorMap outputs = train(Backend::PlainF64, 1);
  Options options;
  options.backend = Backend::PlainF64;
  for (const char *name : {"w1", "s1", "b1", "w2", "w3", "b3"}) {
    const HostTensor &gradient = outputs.at(std::string("grad:") + name);
    double expected = 0, losses[2];
    for (int64_t i = 0; i < gradient.size(); ++i)
      expected += gradient.as<double>()[i] * gradient.as<double>()[i];
    for (int side : {0, 1}) {
      TensorMap inputs = start;
      HostTensor moved = inputs.at(name).converted(HostType::F64);
      for (int64_t i = 0; i < moved.size(); ++i)
        moved.as<double>()[i] += (side ? kStep : -kStep) * gradient.as<double>()[i];
      inputs.insert_or_assign(name, moved);
      llvm::FailureOr<TensorMap> result = run(step, inputs, options);
      ASSERT_TRUE(llvm::succeeded(result));
      losses[side] = result->at("loss").as<double>()[0];
    }
    EXPECT_NEAR((losses[1] - losses[0]) / (2 * kStep), expected, 1e-6 * expected) << name;
  }
}

TEST_F(Training, TheLossFalls) {
  std::vector<double> losses;
  train(Backend::PlainF32, 30, &losses);
  EXPECT_LT(losses.back(), 0.5 * losses.front());
}

TEST_F(Training, ExactEvaluationAsksForTheMapping) {
  std::string error;
  mlir::ScopedDiagnosticHandler handler(&context,
                                        [&](mlir::Diagnostic &diagnostic) { error = diagnostic.str(); });
  Options options;
  options.backend = Backend::Exact;
  EXPECT_TRUE(llvm::failed(run(step, start, options)));
  EXPECT_EQ(error, "'nn.conv2d' has no reduction plan, which the exact order needs");
}

} // namespace
} // namespace arsis::ref
