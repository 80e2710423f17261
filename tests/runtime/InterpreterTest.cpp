// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The walk over a step: binding by name, plans, the observer, layouts, and one clear error for everything
// that is wrong.
#include "runtime/Interpreter/Interpreter.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/NN/IR/NNDialect.h"
#include "tests/runtime/KernelTesting.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

namespace arsis::ref {
namespace {

using testing::difference;
using testing::random;

class Interpreter : public ::testing::Test {
protected:
  Interpreter()
      : handler(&context, [this](mlir::Diagnostic &diagnostic) { errors += diagnostic.str() + "\n"; }) {
    context.loadDialect<nn::NNDialect, mlir::func::FuncDialect>();
    context.allowUnregisteredDialects();
  }
  mlir::ModuleOp parse(const std::string &text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << errors;
    return *module;
  }
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string errors;
  mlir::ScopedDiagnosticHandler handler;
};

const char *const kSum = R"mlir(
func.func @forward(%x: tensor<5x2xf32> {nn.name = "x", nn.role = #nn.role<input>},
                   %b: tensor<2xf32> {nn.name = "b", nn.role = #nn.role<parameter>, nn.initial = dense<[1.0, 2.0]> : tensor<2xf32>})
    -> (tensor<2xf32> {nn.name = "y"}, tensor<2xf32> {nn.name = "b", nn.donates = 1 : i64}) {
  %0 = nn.bias_add %x, %b : (tensor<5x2xf32>, tensor<2xf32>) -> tensor<5x2xf32>
  %1 = nn.channel_sum %0 {plan = #nn.plan<dims = ["p"], chunks = [2]>} : (tensor<5x2xf32>) -> tensor<2xf32>
  %2 = nn.add %1, %b : tensor<2xf32>
  return %1, %2 : tensor<2xf32>, tensor<2xf32>
}
)mlir";

TEST_F(Interpreter, ObeysPlansAndTakesInitialValues) {
  const HostTensor x = random<float>({5, 2}, 1), b = HostTensor::of<float>({2}, {1, 2});
  Options options;
  options.backend = Backend::Exact;
  llvm::FailureOr<TensorMap> outputs = run(parse(kSum), {{"x", x}}, options);
  ASSERT_TRUE(llvm::succeeded(outputs)) << errors;
  const ReductionPlan plan{{"p"}, {2}};
  const auto sum = testing::call("nn.bias_add", {x, b}, {{5, 2}});
  EXPECT_EQ(difference(outputs->at("y"), testing::call("nn.channel_sum", {sum[0]}, {{2}}, {}, &plan)[0]), "");
}

TEST_F(Interpreter, DonatedResultsAreTheNextInputs) {
  TensorMap inputs = {{"x", HostTensor({5, 2}, HostType::F32)}};
  for (int step = 0; step < 2; ++step) {
    llvm::FailureOr<TensorMap> outputs = run(parse(kSum), inputs);
    ASSERT_TRUE(llvm::succeeded(outputs)) << errors;
    inputs.insert_or_assign("b", outputs->at("b"));
  }
  EXPECT_EQ(difference(inputs.at("b"), HostTensor::of<float>({2}, {36, 72})), ""); // b becomes 6 b, twice
}

TEST_F(Interpreter, ShowsEveryResultToTheObserver) {
  std::vector<std::string> seen;
  Options options;
  options.observe = [&](mlir::Operation *op, llvm::ArrayRef<HostTensor> results) {
    seen.push_back(op->getName().getStringRef().str() + " " + toString(results[0].shape()));
  };
  ASSERT_TRUE(llvm::succeeded(run(parse(kSum), {{"x", random<float>({5, 2}, 1)}}, options)));
  EXPECT_EQ(seen, (std::vector<std::string>{"nn.bias_add 5x2", "nn.channel_sum 2", "nn.add 2"}));
}

TEST_F(Interpreter, ComputesInDoubleOnRequest) {
  Options options;
  options.backend = Backend::PlainF64;
  llvm::FailureOr<TensorMap> outputs = run(parse(kSum), {{"x", random<double>({5, 2}, 1)}}, options);
  ASSERT_TRUE(llvm::succeeded(outputs)) << errors;
  EXPECT_EQ(outputs->at("y").type(), HostType::F64);
}

TEST_F(Interpreter, NamesAMissingInput) {
  EXPECT_TRUE(llvm::failed(run(parse(kSum), {})));
  EXPECT_EQ(errors, "no input and no initial value for 'x'\n");
}

TEST_F(Interpreter, NamesAnUnknownInput) {
  EXPECT_TRUE(llvm::failed(run(parse(kSum), {{"z", HostTensor({1}, HostType::F32)}})));
  EXPECT_EQ(errors, "input 'z' is no argument of @forward\n");
}

TEST_F(Interpreter, RejectsAnInputOfAnotherShapeOrType) {
  EXPECT_TRUE(llvm::failed(run(parse(kSum), {{"x", HostTensor({5, 3}, HostType::F32)}})));
  EXPECT_TRUE(llvm::failed(run(parse(kSum), {{"x", HostTensor({5, 2}, HostType::F64)}})));
  EXPECT_EQ(errors, "input 'x' is 5x3, expected 5x2\ninput 'x' is of f64, expected f32\n");
}

TEST_F(Interpreter, NamesAnOpWithoutKernelAndWhatIsSupported) {
  parse(R"mlir(
func.func @forward(%x: tensor<2xf32> {nn.name = "x"}) -> (tensor<2xf32> {nn.name = "y"}) {
  %0 = "other.op"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
)mlir");
  EXPECT_TRUE(llvm::failed(run(*module, {{"x", HostTensor({2}, HostType::F32)}})));
  EXPECT_EQ(errors.find("no reference kernel for 'other.op'; supported are nn.add, "), 0u) << errors;
}

TEST_F(Interpreter, ReportsWhatAKernelRefusesAtTheOp) {
  parse(R"mlir(
func.func @forward(%x: tensor<1x3xf32> {nn.name = "x"}, %l: tensor<1xi32> {nn.name = "labels"})
    -> (tensor<f32> {nn.name = "loss"}) {
  %0:2 = nn.softmax_cross_entropy %x, %l : (tensor<1x3xf32>, tensor<1xi32>) -> (tensor<f32>, tensor<1x3xf32>)
  return %0#0 : tensor<f32>
}
)mlir");
  EXPECT_TRUE(llvm::failed(run(
      *module, {{"x", HostTensor({1, 3}, HostType::F32)}, {"labels", HostTensor::of<int64_t>({1}, {3})}})));
  EXPECT_EQ(errors, "label 3 of sample 0 is none of the 3 classes\n");
}

TEST_F(Interpreter, RejectsAFunctionWhoseArgumentHasNoName) {
  parse("func.func @forward(%x: tensor<2xf32>) -> (tensor<2xf32> {nn.name = \"y\"}) { return %x : "
        "tensor<2xf32> }");
  EXPECT_TRUE(llvm::failed(run(*module, {})));
  EXPECT_EQ(errors, "argument 0 of @forward has no string attribute nn.name\n");
}

TEST_F(Interpreter, ConvertsBetweenHostAndChipLayout) {
  parse(R"mlir(
func.func @forward(%w: tensor<5x4x3x2xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.host_permutation = array<i64: 3, 2, 0, 1>})
    -> (tensor<5x4x3x2xf32> {nn.name = "w", nn.donates = 0 : i64}) {
  return %w : tensor<5x4x3x2xf32>
}
)mlir");
  const Signature signature = signatureOf(entryOf(*module));
  const Slot &slot = *signature.argument("w");
  EXPECT_EQ(slot.hostShape, (Shape{2, 3, 5, 4}));
  EXPECT_EQ(signature.result("w")->hostShape, slot.hostShape);
  const HostTensor host = random<float>({2, 3, 5, 4}, 1);
  const HostTensor chip = slot.toChip(host);
  EXPECT_EQ(chip.as<float>()[((1 * 4 + 2) * 3 + 0) * 2 + 1], host.as<float>()[((1 * 3 + 0) * 5 + 1) * 4 + 2]);
  EXPECT_EQ(difference(slot.toHost(chip), host), "");
}

TEST_F(Interpreter, ReadsInitialValuesFromAResource) {
  parse(R"mlir(
func.func @forward(%w: tensor<2xf32> {nn.name = "w", nn.initial = dense_resource<w> : tensor<2xf32>}) -> (tensor<2xf32> {nn.name = "y"}) {
  return %w : tensor<2xf32>
}
{-# dialect_resources: { builtin: { w: "0x040000000000803F00000040" } } #-}
)mlir");
  llvm::FailureOr<TensorMap> outputs = run(*module, {});
  ASSERT_TRUE(llvm::succeeded(outputs)) << errors;
  EXPECT_EQ(difference(outputs->at("y"), HostTensor::of<float>({2}, {1, 2})), "");
}

} // namespace
} // namespace arsis::ref
