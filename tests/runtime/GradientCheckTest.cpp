// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every differentiation rule against central differences in fp64. The loss of a case is the product of one
// result with a random vector; every operand marked as a parameter is checked in every element. An op that
// implements DifferentiableOpInterface and has no case here fails the test.
#include "compiler/Transforms/Differentiate/Differentiate.h"
#include "dialects/NN/IR/NNDialect.h"
#include "runtime/Interpreter/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace arsis::ref {
namespace {

/// One op in its generic form. Operands are "parameter" (differentiated), "positive" (too, from 1/2 on),
/// "input" (not), "share" (not, from 1/2 on) or "label" (class numbers).
struct Case {
  std::string name, op;
  std::vector<std::pair<std::string, std::string>> operands; // role, type
  std::string attributes;
  std::vector<std::string> results; // types; the loss reads the first
  std::vector<int> use = {};        // operand numbers, if not each argument once
};

/// Without this GoogleTest prints a case as bytes, addresses among them, and ctest takes them into the name.
void PrintTo(const Case &test, std::ostream *stream) { *stream << test.op; }

const std::string kWindow =
    "strides = array<i64: 2, 1>, pads = array<i64: 1, 0, 0, 2>, dilations = array<i64: 1, 2>";
const std::string kPlain =
    "strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>";
const std::string kStride3 =
    "strides = array<i64: 3, 3>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>";

// clang-format off
const std::vector<Case> kCases = {
    {"Conv2dSame", "nn.conv2d", {{"parameter", "2x4x5x3xf32"}, {"parameter", "3x3x3x2xf32"}}, kPlain, {"2x4x5x2xf32"}},
    {"Conv2dStrideDilation", "nn.conv2d", {{"parameter", "1x6x7x2xf32"}, {"parameter", "3x2x2x4xf32"}}, kWindow, {"1x3x7x4xf32"}},
    {"Conv2dPhasesWithoutTaps", "nn.conv2d", {{"parameter", "1x5x6x2xf32"}, {"parameter", "2x1x2x3xf32"}}, kStride3, {"1x2x2x3xf32"}},
    {"Conv2dGroups", "nn.conv2d", {{"parameter", "1x4x5x6xf32"}, {"parameter", "3x2x2x9xf32"}}, "groups = 3 : i64, " + kWindow, {"1x2x5x9xf32"}},
    {"TransposedConvolution", "nn.conv2d_grad_input", {{"parameter", "1x3x4x3xf32"}, {"parameter", "3x3x2x3xf32"}}, kPlain, {"1x3x4x2xf32"}},
    {"TransposedConvolutionStride", "nn.conv2d_grad_input", {{"parameter", "1x2x2x3xf32"}, {"parameter", "2x1x2x3xf32"}}, kStride3, {"1x5x6x2xf32"}},
    {"TransposedConvolutionGroups", "nn.conv2d_grad_input", {{"parameter", "1x2x5x9xf32"}, {"parameter", "3x2x2x9xf32"}}, "groups = 3 : i64, " + kWindow, {"1x4x5x6xf32"}},
    {"Conv2dDepthwise", "nn.conv2d", {{"parameter", "2x4x5x3xf32"}, {"parameter", "3x3x1x6xf32"}}, "groups = 3 : i64, " + kPlain, {"2x4x5x6xf32"}},
    {"Matmul", "nn.matmul", {{"parameter", "3x4xf32"}, {"parameter", "4x5xf32"}}, "transpose_a = false, transpose_b = false", {"3x5xf32"}},
    {"MatmulTransposedA", "nn.matmul", {{"parameter", "4x3xf32"}, {"parameter", "4x5xf32"}}, "transpose_a = true, transpose_b = false", {"3x5xf32"}},
    {"MatmulTransposedB", "nn.matmul", {{"parameter", "3x4xf32"}, {"parameter", "5x4xf32"}}, "transpose_a = false, transpose_b = true", {"3x5xf32"}},
    {"MatmulTransposedBoth", "nn.matmul", {{"parameter", "4x3xf32"}, {"parameter", "5x4xf32"}}, "transpose_a = true, transpose_b = true", {"3x5xf32"}},
    {"MatmulOfAConstant", "nn.matmul", {{"input", "3x4xf32"}, {"parameter", "4x5xf32"}}, "", {"3x5xf32"}},
    {"BiasAdd", "nn.bias_add", {{"parameter", "2x3x2x4xf32"}, {"parameter", "4xf32"}}, "", {"2x3x2x4xf32"}},
    {"BiasAddMatrix", "nn.bias_add", {{"parameter", "3x4xf32"}, {"parameter", "4xf32"}}, "", {"3x4xf32"}},
    {"Relu", "nn.relu", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Tanh", "nn.tanh", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Add", "nn.add", {{"parameter", "2x3xf32"}, {"parameter", "2x3xf32"}}, "", {"2x3xf32"}},
    {"AddAlong", "nn.add", {{"parameter", "2x3x4x5xf32"}, {"parameter", "2x5xf32"}}, "along = array<i64: 0, 3>", {"2x3x4x5xf32"}},
    {"AddAlongTheMiddle", "nn.add", {{"parameter", "2x3x4x5xf32"}, {"parameter", "3x4xf32"}}, "along = array<i64: 1, 2>", {"2x3x4x5xf32"}},
    {"AddAScalar", "nn.add", {{"parameter", "2x3xf32"}, {"parameter", "f32"}}, "along = array<i64>", {"2x3xf32"}},
    {"Multiply", "nn.multiply", {{"parameter", "2x3xf32"}, {"parameter", "2x3xf32"}}, "", {"2x3xf32"}},
    {"MultiplyByItself", "nn.multiply", {{"parameter", "2x3xf32"}}, "", {"2x3xf32"}, {0, 0}},
    {"MultiplyAlong", "nn.multiply", {{"parameter", "2x3x4x5xf32"}, {"parameter", "2x5xf32"}}, "along = array<i64: 0, 3>", {"2x3x4x5xf32"}},
    {"MultiplyAlongTheFirst", "nn.multiply", {{"parameter", "3x4x5xf32"}, {"parameter", "3xf32"}}, "along = array<i64: 0>", {"3x4x5xf32"}},
    {"MultiplyAlongEveryOther", "nn.multiply", {{"parameter", "2x3x4x5xf32"}, {"parameter", "3x5xf32"}}, "along = array<i64: 1, 3>", {"2x3x4x5xf32"}},
    {"Broadcast", "nn.broadcast", {{"parameter", "2x5xf32"}}, "along = array<i64: 0, 2>", {"2x3x5xf32"}},
    {"AxisSum", "nn.axis_sum", {{"parameter", "2x3x5xf32"}}, "", {"2x5xf32"}},
    {"PRelu", "nn.prelu", {{"parameter", "2x3x4x5xf32"}, {"parameter", "5xf32"}}, "along = array<i64: 3>", {"2x3x4x5xf32"}},
    {"PReluOfOneSlope", "nn.prelu", {{"parameter", "4x5xf32"}, {"parameter", "f32"}}, "along = array<i64>", {"4x5xf32"}},
    {"Affine", "nn.affine", {{"parameter", "4x5xf32"}}, "scale = -0.3 : f32, offset = 2.0 : f32", {"4x5xf32"}},
    {"AffineOffset", "nn.affine", {{"parameter", "4x5xf32"}}, "scale = 1.0 : f32, offset = 2.0 : f32", {"4x5xf32"}},
    {"Clip", "nn.clip", {{"parameter", "4x5xf32"}}, "low = -0.5 : f32, high = 1.0 : f32", {"4x5xf32"}},
    {"ClipBelow", "nn.clip", {{"parameter", "4x5xf32"}}, "low = 0.0 : f32", {"4x5xf32"}},
    {"ClipAbove", "nn.clip", {{"parameter", "4x5xf32"}}, "high = 0.25 : f32", {"4x5xf32"}},
    {"Sigmoid", "nn.sigmoid", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"HardSwish", "nn.hard_swish", {{"parameter", "20x20xf32"}}, "", {"20x20xf32"}},
    {"LeakyRelu", "nn.leaky_relu", {{"parameter", "4x5xf32"}}, "slope = 0.25 : f32", {"4x5xf32"}},
    {"LeakyReluOfANegativeSlope", "nn.leaky_relu", {{"parameter", "4x5xf32"}}, "slope = -0.25 : f32", {"4x5xf32"}},
    {"Elu", "nn.elu", {{"parameter", "4x5xf32"}}, "alpha = 0.7 : f32", {"4x5xf32"}},
    {"Softplus", "nn.softplus", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Erf", "nn.erf", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Exp", "nn.exp", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Log", "nn.log", {{"positive", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Reciprocal", "nn.reciprocal", {{"positive", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Sqrt", "nn.sqrt", {{"positive", "4x5xf32"}}, "", {"4x5xf32"}},
    {"AddToItself", "nn.add", {{"parameter", "2x3xf32"}}, "", {"2x3xf32"}, {0, 0}},
    {"MaxPool", "nn.max_pool", {{"parameter", "2x6x7x2xf32"}}, "kernel = array<i64: 3, 2>, " + kWindow, {"2x3x7x2xf32"}},
    {"MaxPoolCeil", "nn.max_pool", {{"parameter", "1x5x5x1xf32"}}, "kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>", {"1x3x3x1xf32"}},
    {"AvgPool", "nn.avg_pool", {{"parameter", "2x6x7x2xf32"}}, "kernel = array<i64: 3, 2>, " + kWindow, {"2x3x7x2xf32"}},
    {"AvgPoolIncludePad", "nn.avg_pool", {{"parameter", "2x6x7x2xf32"}}, "count_include_pad = true, kernel = array<i64: 3, 2>, " + kWindow, {"2x3x7x2xf32"}},
    {"AvgPoolGlobal", "nn.avg_pool", {{"parameter", "2x4x3x2xf32"}}, "kernel = array<i64: 4, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>", {"2x1x1x2xf32"}},
    {"BatchNorm", "nn.batch_norm", {{"parameter", "2x3x2x3xf32"}, {"parameter", "3xf32"}, {"parameter", "3xf32"}, {"input", "3xf32"}, {"input", "3xf32"}}, "epsilon = 1.0e-5 : f32, momentum = 0.1 : f32", {"2x3x2x3xf32", "3xf32", "3xf32", "3xf32", "3xf32"}},
    {"LayerNorm", "nn.layer_norm", {{"parameter", "3x5xf32"}, {"parameter", "5xf32"}, {"parameter", "5xf32"}}, "epsilon = 1.0e-5 : f32", {"3x5xf32", "3xf32", "3xf32"}},
    {"BatchNormOfAnInput", "nn.batch_norm", {{"input", "2x3x2x3xf32"}, {"parameter", "3xf32"}, {"parameter", "3xf32"}, {"input", "3xf32"}, {"input", "3xf32"}}, "epsilon = 1.0e-2 : f32, momentum = 0.5 : f32", {"2x3x2x3xf32", "3xf32", "3xf32", "3xf32", "3xf32"}},
    {"Reshape", "nn.reshape", {{"parameter", "2x3x4xf32"}}, "", {"6x4xf32"}},
    {"Transpose", "nn.transpose", {{"parameter", "2x3x4xf32"}}, "permutation = array<i64: 2, 0, 1>", {"4x2x3xf32"}},
    {"Slice", "nn.slice", {{"parameter", "2x3x4xf32"}}, "offsets = array<i64: 0, 1, 2>", {"2x2x2xf32"}},
    {"Pad", "nn.pad", {{"parameter", "2x3x4xf32"}}, "low = array<i64: 0, 1, 2>, value = 0.5 : f32", {"2x5x7xf32"}},
    {"Concat", "nn.concat", {{"parameter", "2x3x4xf32"}, {"parameter", "2x1x4xf32"}}, "axis = 1 : i64", {"2x4x4xf32"}},
    {"ConcatWithAnInput", "nn.concat", {{"parameter", "2x3xf32"}, {"input", "2x2xf32"}, {"parameter", "2x1xf32"}}, "axis = 1 : i64", {"2x6xf32"}},
    {"ConcatWithItself", "nn.concat", {{"parameter", "2x3xf32"}}, "axis = 0 : i64", {"4x3xf32"}, {0, 0}},
    {"Split", "nn.split", {{"parameter", "2x3x4xf32"}}, "axis = 2 : i64", {"2x3x1xf32", "2x3x3xf32"}},
    {"Dropout", "nn.dropout", {{"parameter", "4x5xf32"}, {"input", "f32"}, {"input", "f32"}}, "ratio = 0.25 : f32, layer = 3 : i64", {"4x5xf32"}},
    {"Softmax", "nn.softmax", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"LogSoftmax", "nn.log_softmax", {{"parameter", "4x5xf32"}}, "", {"4x5xf32"}},
    {"SoftmaxCrossEntropy", "nn.softmax_cross_entropy", {{"parameter", "4x5xf32"}, {"label", "4xi32"}}, "", {"f32", "4x5xf32"}},
    {"CrossEntropy", "nn.cross_entropy", {{"parameter", "4x5xf32"}, {"share", "4x5xf32"}}, "", {"f32", "4x5xf32", "4xf32"}},
    {"CrossEntropyOfManyRows", "nn.cross_entropy", {{"parameter", "37x2xf32"}, {"share", "37x2xf32"}}, "", {"f32", "37x2xf32", "37xf32"}},
    {"SigmoidCrossEntropy", "nn.sigmoid_cross_entropy", {{"parameter", "4x5xf32"}, {"input", "4x5xf32"}}, "", {"4x5xf32"}},
    {"Total", "nn.total", {{"parameter", "37xf32"}}, "", {"f32"}},
};
// clang-format on

int64_t sizeOfType(const std::string &type) {
  int64_t count = 1, number = 0;
  for (char c : type) {
    if (c == 'f' || c == 'i')
      break;
    if (c == 'x') {
      count *= number;
      number = 0;
    } else {
      number = number * 10 + (c - '0');
    }
  }
  return count;
}

std::string roleOf(const std::string &operand) {
  return operand == "positive" ? "parameter" : operand == "share" ? "input" : operand;
}

/// @step with the op and the loss <r, first result>.
std::string moduleOf(const Case &test) {
  std::string arguments, operands, types, results;
  for (size_t i = 0; i < test.operands.size(); ++i)
    arguments += "%a" + std::to_string(i) + ": tensor<" + test.operands[i].second + "> {nn.name = \"a" +
                 std::to_string(i) + "\", nn.role = #nn.role<" + roleOf(test.operands[i].first) + ">}, ";
  std::vector<int> use = test.use;
  for (size_t i = 0; test.use.empty() && i < test.operands.size(); ++i)
    use.push_back(i);
  for (int i : use) {
    operands += (operands.empty() ? "%a" : ", %a") + std::to_string(i);
    types += (types.empty() ? "tensor<" : ", tensor<") + test.operands[i].second + ">";
  }
  for (const std::string &type : test.results)
    results += (results.empty() ? "tensor<" : ", tensor<") + type + ">";
  const std::string size = std::to_string(sizeOfType(test.results[0])), flat = "tensor<1x" + size + "xf32>",
                    column = "tensor<" + size + "x1xf32>";
  return "func.func @step(" + arguments + "%r: " + column + " {nn.name = \"r\", nn.role = #nn.role<input>})" +
         " -> (tensor<f32> {nn.name = \"loss\", nn.role = #nn.role<loss>}) {\n" +
         "  %y:" + std::to_string(test.results.size()) + " = \"" + test.op + "\"(" + operands + ") <{" +
         test.attributes + "}> : (" + types + ") -> (" + results + ")\n" +
         "  %f = nn.reshape %y#0 : (tensor<" + test.results[0] + ">) -> " + flat + "\n" +
         "  %m = nn.matmul %f, %r : (" + flat + ", " + column + ") -> tensor<1x1xf32>\n" +
         "  %l = nn.reshape %m : (tensor<1x1xf32>) -> tensor<f32>\n" + "  return %l : tensor<f32>\n}\n";
}

class Context {
public:
  Context() { context.loadDialect<nn::NNDialect, mlir::func::FuncDialect>(); }
  mlir::MLIRContext context;
};

class GradientCheck : public ::testing::TestWithParam<Case> {};

TEST_P(GradientCheck, AgreesWithCentralDifferences) {
  Context holder;
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(moduleOf(GetParam()), &holder.context);
  ASSERT_TRUE(module) << moduleOf(GetParam());
  auto step = module->lookupSymbol<mlir::func::FuncOp>("step");
  ASSERT_TRUE(mlir::succeeded(compiler::differentiate(step)));
  ASSERT_TRUE(mlir::succeeded(mlir::verify(*module)));

  TensorMap inputs;
  std::mt19937 engine(1);
  std::normal_distribution<double> normal;
  for (const Slot &slot : signatureOf(step).arguments) {
    HostTensor tensor(slot.shape, slot.type == HostType::F32 ? HostType::F64 : slot.type);
    for (int64_t i = 0; i < tensor.size(); ++i)
      if (tensor.type() == HostType::F64)
        tensor.as<double>()[i] = normal(engine);
      else
        tensor.as<int32_t>()[i] = static_cast<int32_t>(i * 3 % 5);
    inputs.emplace(slot.name, std::move(tensor));
  }
  for (size_t number = 0; number < GetParam().operands.size(); ++number)
    if (HostTensor &tensor = inputs.at("a" + std::to_string(number));
        GetParam().operands[number].first == "positive" || GetParam().operands[number].first == "share")
      for (int64_t i = 0; i < tensor.size(); ++i)
        tensor.as<double>()[i] = std::abs(tensor.as<double>()[i]) + 0.5;
  Options options;
  options.backend = Backend::PlainF64;
  auto evaluate = [&] {
    llvm::FailureOr<TensorMap> outputs = run(step, inputs, options);
    EXPECT_TRUE(llvm::succeeded(outputs));
    return llvm::succeeded(outputs) ? *outputs : TensorMap();
  };
  const TensorMap analytic = evaluate();
  constexpr double kStep = 1e-5, kTolerance = 1e-6;
  for (size_t number = 0; number < GetParam().operands.size(); ++number) {
    const std::string name = "a" + std::to_string(number);
    if (const std::string role = roleOf(GetParam().operands[number].first); role != "parameter")
      continue;
    ASSERT_TRUE(analytic.count("grad:" + name)) << name;
    const double *gradient = analytic.at("grad:" + name).as<double>();
    double worst = 0, largest = 0;
    for (int64_t i = 0; i < inputs.at(name).size(); ++i) {
      double &element = inputs.at(name).as<double>()[i];
      const double middle = element;
      element = middle + kStep;
      const double above = evaluate().at("loss").as<double>()[0];
      element = middle - kStep;
      const double below = evaluate().at("loss").as<double>()[0];
      element = middle;
      const double expected = (above - below) / (2 * kStep);
      worst = std::max(worst, std::abs(gradient[i] - expected));
      largest = std::max(largest, std::abs(expected));
    }
    EXPECT_GT(largest, 0) << name;
    EXPECT_LE(worst, kTolerance * largest) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, GradientCheck, ::testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

TEST(GradientCheckCoverage, EveryDifferentiableOpHasACase) {
  Context holder;
  std::set<std::string> covered, differentiable;
  for (const Case &test : kCases)
    covered.insert(test.op);
  for (mlir::RegisteredOperationName name : holder.context.getRegisteredOperationsByDialect("nn"))
    if (name.hasInterface<nn::DifferentiableOpInterface>())
      differentiable.insert(name.getStringRef().str());
  EXPECT_EQ(covered, differentiable);
}

/// Ops that no step reaches before they are differentiated or mapped would still need a kernel: the oracle
/// runs every step. A unit is evaluated operation by operation.
TEST(GradientCheckCoverage, EveryOpHasAReferenceKernel) {
  Context holder;
  const std::set<std::string> units = {"nn.unit", "nn.yield"};
  for (mlir::RegisteredOperationName name : holder.context.getRegisteredOperationsByDialect("nn"))
    EXPECT_NE(KernelRegistry::instance().find(name.getStringRef().str()) != nullptr,
              units.count(name.getStringRef().str()) == 1)
        << name.getStringRef().str();
}

/// An op whose order of summation is planned must have a kernel that obeys a plan, and no other op has one.
TEST(GradientCheckCoverage, KernelsObeyAPlanWhereTheDialectHasOne) {
  Context holder;
  for (mlir::RegisteredOperationName name : holder.context.getRegisteredOperationsByDialect("nn")) {
    const std::string op = name.getStringRef().str();
    if (const KernelRegistry::Entry *entry = KernelRegistry::instance().find(op)) {
      EXPECT_EQ(!entry->planDims.empty(), name.hasInterface<nn::ReductionOpInterface>()) << op;
    }
  }
}

} // namespace
} // namespace arsis::ref
