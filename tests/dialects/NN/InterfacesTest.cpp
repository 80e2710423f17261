// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What operations say about themselves: reduced dimensions, and vector steps that compute the operation's
// formula.

#include "dialects/Isa/Numerics/Numerics.h"
#include "dialects/NN/IR/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cmath>

namespace arsis::nn {
namespace {

class Interfaces : public ::testing::Test {
protected:
  Interfaces() { context.loadDialect<NNDialect, mlir::func::FuncDialect>(); }

  // Parses one operation, in its generic form, on arguments of the given types (separated by semicolons).
  mlir::Operation *parse(const std::string &op, const std::vector<std::string> &operands,
                         const std::string &results, const std::string &properties = "") {
    std::string arguments, names, types;
    for (size_t i = 0; i < operands.size(); ++i) {
      std::string comma = i ? ", " : "", name = "%a" + std::to_string(i),
                  type = "tensor<" + operands[i] + ">";
      arguments += comma + name + ": " + type;
      names += comma + name;
      types += comma + type;
    }
    std::string text = "func.func @f(" + arguments +
                       ") {\n  %r:" + std::to_string(1 + std::count(results.begin(), results.end(), ';')) +
                       " = \"" + op + "\"(" + names + ") <{" + properties + "}> : (" + types + ") -> (";
    std::string result;
    for (char c : results + ";")
      if (c != ';')
        result += c;
      else
        text += (text.back() == '(' ? "tensor<" : ", tensor<") + std::exchange(result, "") + ">";
    modules.push_back(mlir::parseSourceString<mlir::ModuleOp>(text + ")\n  return\n}", &context));
    if (!modules.back())
      return nullptr;
    auto function = *modules.back()->getOps<mlir::func::FuncOp>().begin();
    return &function.getBody().front().front();
  }

  // Evaluates the steps on one element per operand.
  std::vector<float> evaluate(ElementwiseOpInterface op, const std::vector<float> &operands) {
    std::vector<float> steps, results;
    for (const Step &step : op.getVectorSteps()) {
      float inputs[3] = {};
      for (size_t i = 0; i < step.inputs.size(); ++i)
        inputs[i] = (step.inputs[i].isStep() ? steps : operands).at(step.inputs[i].number);
      steps.push_back(
          numerics::applyMap(step.function, inputs[0], inputs[1], inputs[2], float(step.immediate)));
    }
    for (int step : op.getResultSteps())
      results.push_back(steps.at(step));
    return results;
  }

  mlir::MLIRContext context;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
};

const std::string kWindow =
    "strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>";

TEST_F(Interfaces, ReductionsNameTheirDimensionsOutermostFirst) {
  auto dims = [&](mlir::Operation *op) {
    std::string text;
    for (const ReductionDim &dim : llvm::cast<ReductionOpInterface>(op).getReductionDims())
      text += dim.name.str() + "=" + std::to_string(dim.size) + " ";
    return text;
  };
  EXPECT_EQ(dims(parse("nn.conv2d", {"2x8x8x3xf32", "5x3x3x4xf32"}, "2x3x4x4xf32", kWindow)),
            "c=3 kh=5 kw=3 ");
  EXPECT_EQ(dims(parse("nn.conv2d_grad_input", {"2x3x4x4xf32", "5x3x3x4xf32"}, "2x8x8x3xf32", kWindow)),
            "co=4 kh=5 kw=3 ");
  EXPECT_EQ(dims(parse("nn.conv2d_grad_weight", {"2x8x8x3xf32", "2x3x4x4xf32"}, "5x3x3x4xf32", kWindow)),
            "n=2 oh=3 ow=4 ");
  EXPECT_EQ(dims(parse("nn.matmul", {"2x3xf32", "3x4xf32"}, "2x4xf32")), "k=3 ");
  EXPECT_EQ(dims(parse("nn.channel_sum", {"2x3x5x4xf32"}, "4xf32")), "p=30 ");
  EXPECT_EQ(dims(parse("nn.softmax_cross_entropy", {"2x4xf32", "2xi32"}, "f32;2x4xf32")), "n=2 ");
  EXPECT_EQ(dims(parse("nn.cross_entropy", {"2x4xf32", "2x4xf32"}, "f32;2x4xf32;2xf32")), "n=2 ");
  EXPECT_EQ(dims(parse("nn.total", {"7xf32"}, "f32")), "n=7 ");
}

TEST_F(Interfaces, SgdStepsAreTheFormula) {
  auto properties = [](float momentum, float decay) {
    return "momentum = " + std::to_string(momentum) + " : f32, weight_decay = " + std::to_string(decay) +
           " : f32";
  };
  const float w = 0.7f, g = -1.3f, rate = 0.1f, v = 0.4f;
  auto plain = parse("nn.sgd", {"4xf32", "4xf32", "f32"}, "4xf32", properties(0, 0));
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(plain), {w, g, rate}),
            (std::vector<float>{std::fma(g, -rate, w)}));
  auto decaying = parse("nn.sgd", {"4xf32", "4xf32", "f32"}, "4xf32", properties(0, 0.25f));
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(decaying), {w, g, rate}),
            (std::vector<float>{std::fma(std::fma(w, 0.25f, g), -rate, w)}));
  auto full = parse("nn.sgd", {"4xf32", "4xf32", "f32", "4xf32"}, "4xf32;4xf32", properties(0.5f, 0.25f));
  float velocity = std::fma(v, 0.5f, std::fma(w, 0.25f, g));
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(full), {w, g, rate, v}),
            (std::vector<float>{std::fma(velocity, -rate, w), velocity}));
  EXPECT_EQ(llvm::cast<StatefulOpInterface>(full).getStateUpdates().size(), 2u);
}

TEST_F(Interfaces, ElementwiseStepsAreTheFormula) {
  auto add = parse("nn.bias_add", {"2x4xf32", "4xf32"}, "2x4xf32");
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(add), {1.5f, 2.0f}), (std::vector<float>{3.5f}));
  auto relu = parse("nn.relu", {"4xf32"}, "4xf32");
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(relu), {-2.0f}), (std::vector<float>{0.0f}));
  auto grad = parse("nn.relu_grad", {"4xf32", "4xf32"}, "4xf32");
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(grad), {3.0f, 0.0f}), (std::vector<float>{0.0f}));
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(grad), {3.0f, 1.0f}), (std::vector<float>{3.0f}));
  auto tanh = parse("nn.tanh", {"4xf32"}, "4xf32");
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(tanh), {0.3f}),
            (std::vector<float>{numerics::tanh(0.3f)}));
  auto tanhGrad = parse("nn.tanh_grad", {"4xf32", "4xf32"}, "4xf32");
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(tanhGrad), {3.0f, 0.3f}),
            (std::vector<float>{3.0f * (1.0f - 0.3f * 0.3f)}));
  auto norm = parse("nn.batch_norm_inference", {"2x4xf32", "4xf32", "4xf32", "4xf32", "4xf32"}, "2x4xf32",
                    "epsilon = 0.5 : f32");
  float rstd = numerics::rsqrt(1.75f + 0.5f);
  EXPECT_EQ(evaluate(llvm::cast<ElementwiseOpInterface>(norm), {3.0f, 2.0f, 0.5f, 1.0f, 1.75f}),
            (std::vector<float>{std::fma((3.0f - 1.0f) * rstd, 2.0f, 0.5f)}));
}

} // namespace
} // namespace arsis::nn
